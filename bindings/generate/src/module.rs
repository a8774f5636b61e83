//! The core module of the component, with checks that let a call be stopped.
//!
//! wazero can stop a call by itself, but then it leaves compiled code at each loop iteration, which makes large drives three times as
//! slow. Here the module gets a counter instead: each function call and each loop iteration decrements it, and only when it is used up
//! the module calls its one import, `configdrive.check: func() -> s32`, which returns the next value of the counter, or stops the call.
//! The host thus regains control often enough for deadlines, cancellation and Go's garbage collector.

use std::convert::Infallible;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, EntityType, Function, GlobalSection, GlobalType, ImportSection, Instruction,
    Module, SectionId, TypeSection, ValType,
    reencode::{Error, Reencode, utils},
};
use wasmparser::{CompositeInnerType, FuncType, FunctionBody, Parser, Payload, TypeRef};

/// Returns the core module of a component that has exactly one and imports nothing.
pub fn core_module(component: &[u8]) -> Result<Vec<u8>, String> {
    let mut modules = Vec::new();
    // The parser enters modules and components that are in the component.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| format!("cannot read the component: {error}"))? {
            Payload::ModuleSection { unchecked_range, .. } => {
                depth += 1;
                modules.push(unchecked_range);
            }
            Payload::ComponentSection { .. } => depth += 1,
            Payload::ComponentImportSection(_) if depth == 0 => {
                return Err("expected a component without imports".to_owned());
            }
            Payload::End(_) => depth -= 1,
            _ => {}
        }
    }
    let [range] = &modules[..] else { return Err(format!("expected one core module, found {}", modules.len())) };
    let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
    with_checks(&component[range])
}

fn with_checks(core: &[u8]) -> Result<Vec<u8>, String> {
    let mut checks = Checks::read(core).map_err(|error| format!("cannot read the core module: {error}"))?;
    let mut module = Module::new();
    checks
        .parse_core_module(&mut module, Parser::new(0), core)
        .map_err(|error| format!("cannot rewrite the core module: {error}"))?;
    Ok(module.finish())
}

/// The index of `check`: imports precede the module's own functions.
const CHECK: u32 = 0;

struct Checks {
    /// The types, all of which are functions'.
    types: Vec<FuncType>,
    /// The types of the functions.
    functions: Vec<u32>,
    /// The number of globals, which is the counter's index.
    counter: u32,
    /// The number of bodies rewritten so far.
    bodies: usize,
}

impl Checks {
    fn read(core: &[u8]) -> wasmparser::Result<Self> {
        let mut checks = Self { types: Vec::new(), functions: Vec::new(), counter: 0, bodies: 0 };
        for payload in Parser::new(0).parse_all(core) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types {
                        for sub_type in group?.into_types() {
                            let CompositeInnerType::Func(function) = sub_type.composite_type.inner else {
                                panic!("a type of the proposal for garbage collection")
                            };
                            checks.types.push(function);
                        }
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        assert!(!matches!(import?.ty, TypeRef::Func(_)), "the component imports nothing");
                    }
                }
                Payload::FunctionSection(functions) => {
                    checks.functions = functions.into_iter().collect::<Result<_, _>>()?
                }
                Payload::GlobalSection(globals) => checks.counter = globals.count(),
                _ => {}
            }
        }
        Ok(checks)
    }

    /// Decrements the counter, and calls `check` if it was used up. `local` is a free local.
    fn check(&self, function: &mut Function, local: u32) {
        let counter = self.counter;
        for instruction in [
            Instruction::GlobalGet(counter),
            Instruction::I32Const(1),
            Instruction::I32Sub,
            Instruction::LocalTee(local),
            Instruction::GlobalSet(counter),
            Instruction::LocalGet(local),
            Instruction::I32Const(0),
            Instruction::I32LtS,
            Instruction::If(BlockType::Empty),
            Instruction::Call(CHECK),
            Instruction::GlobalSet(counter),
            Instruction::End,
        ] {
            function.instruction(&instruction);
        }
    }
}

impl Reencode for Checks {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(function + 1)
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([], [ValType::I32]);
        Ok(())
    }

    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        after: Option<SectionId>,
        _before: Option<SectionId>,
    ) -> Result<(), Error<Infallible>> {
        if after == Some(SectionId::Type) {
            let check = u32::try_from(self.types.len()).unwrap();
            module.section(ImportSection::new().import("configdrive", "check", EntityType::Function(check)));
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_global_section(self, globals, section)?;
        // Zero, so that the first function calls `check`.
        let counter = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(counter, &ConstExpr::i32_const(0));
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error<Infallible>> {
        let parameters = self.types[self.functions[self.bodies] as usize].params().len();
        self.bodies += 1;
        let mut locals = Vec::new();
        for group in body.get_locals_reader()? {
            let (count, of) = group?;
            locals.push((count, self.val_type(of)?));
        }
        let local = u32::try_from(parameters).unwrap() + locals.iter().map(|(count, _)| count).sum::<u32>();
        locals.push((1, ValType::I32));
        let mut function = Function::new(locals);
        self.check(&mut function, local);
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let instruction = self.parse_instruction(&mut operators)?;
            function.instruction(&instruction);
            if matches!(instruction, Instruction::Loop(_)) {
                self.check(&mut function, local);
            }
        }
        code.function(&function);
        Ok(())
    }
}
