//! The malicious module: functions of the canonical ABI that do what their argument says.

use std::borrow::Cow;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, HeapType, InstructionSink, MemArg, MemorySection, MemoryType, Module, RefType,
    StartSection, TableSection, TableType, TypeSection, ValType,
};

use crate::deed::{ALLOCATION, ARGUMENT, Deed, HEADER};

/// Returns a module that does `start` when it starts, with `memory` pages of memory.
pub fn module(start: Deed, memory: u64) -> Vec<u8> {
    let mut functions = Functions::default();
    // First the deeds, so that each one's number is its function's.
    for deed in Deed::ALL {
        functions.add(1, 1, |code| self::deed(deed, code));
    }
    let started = functions.add(0, 0, |code| {
        code.i32_const(0).call(start as u32).drop();
    });
    functions.export("cabi_realloc", 4, allocate);
    for (name, parameters, argument) in [
        ("required-by", 3, Argument::String),
        ("amend", 5, Argument::String),
        ("build-drive", 1, Argument::Record),
        ("encode", 2, Argument::String),
        ("pack", 1, Argument::Record),
        ("inspect", 3, Argument::Variant),
        ("read-file", 5, Argument::Variant),
        ("extract", 3, Argument::Variant),
        ("check-document", 1, Argument::Record),
        ("check-drive", 3, Argument::Variant),
    ] {
        functions.export(&format!("{INTERFACE}#{name}"), parameters, |code| act(argument, code));
    }
    for name in ["encode", "check-drive"] {
        functions.export_without_result(&format!("cabi_post_{INTERFACE}#{name}"), 1, clean_up);
    }

    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: memory,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    functions.exports.export("memory", ExportKind::Memory, 0);
    let mut tables = TableSection::new();
    let minimum = u64::from(NOTHING) + 1;
    tables.table(TableType { element_type: RefType::FUNCREF, minimum, maximum: None, table64: false, shared: false });
    let mut globals = GlobalSection::new();
    let free = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    globals.global(free, &ConstExpr::i32_const(ARGUMENT as i32));
    let mut elements = ElementSection::new();
    let deeds: Vec<u32> = (0..Deed::ALL.len() as u32).collect();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(Cow::Owned(deeds)));

    let mut module = Module::new();
    module
        .section(&functions.types)
        .section(&functions.functions)
        .section(&tables)
        .section(&memories)
        .section(&globals)
        .section(&functions.exports)
        .section(&StartSection { function_index: started })
        .section(&elements)
        .section(&functions.code);
    module.finish()
}

const INTERFACE: &str = "ironic:configdrive/drive@0.1.0";

/// The table: the deeds by their numbers, followed by an empty element.
const DEEDS: u32 = 0;
const NOTHING: u32 = Deed::ALL.len() as u32;

/// The global: the address of free memory.
const FREE: u32 = 0;

/// The type of the first function and of all deeds: from the address of an argument to that of the answer.
const DEED: u32 = 0;

fn deed(deed: Deed, code: &mut InstructionSink<'_>) {
    let forever = |code: &mut InstructionSink<'_>, body: &dyn Fn(&mut InstructionSink<'_>)| {
        code.loop_(BlockType::Empty);
        body(code);
        code.br(0).end().unreachable();
    };
    match deed {
        Deed::Answer => _ = code.local_get(0).i32_const(HEADER as i32).i32_add(),
        Deed::Loop => forever(code, &|_| {}),
        Deed::Grow => forever(code, &|code| _ = code.i32_const(64).memory_grow(0).drop()),
        Deed::GrowTable => {
            code.loop_(BlockType::Empty).ref_null(HeapType::FUNC).i32_const(1000).table_grow(DEEDS);
            code.i32_const(-1).i32_ne().br_if(0).end().unreachable();
        }
        Deed::Recurse => _ = code.local_get(0).call(Deed::Recurse as u32).i32_const(1).i32_add(),
        Deed::Trap => _ = code.unreachable(),
        Deed::Outside => _ = code.i32_const(-4).i32_load(AT),
        Deed::Null => _ = code.local_get(0).i32_const(NOTHING as i32).call_indirect(DEEDS, DEED),
        Deed::Fill => {
            code.i32_const(1000).memory_grow(0).drop();
            forever(code, &|code| {
                code.i32_const(1 << 16).i32_const(1).i32_const(1000 << 16).memory_fill(0);
            });
        }
        Deed::Misplaced => _ = code.i32_const(-8),
        Deed::Unaligned => _ = code.local_get(0).i32_const(HEADER as i32 + 1).i32_add(),
    }
}

/// How a function receives the argument.
#[derive(Clone, Copy)]
enum Argument {
    /// Its address and size.
    String,
    /// The address of a record whose first field is the argument's address.
    Record,
    /// Its discriminant, address and size.
    Variant,
}

/// Writes code that does what the first byte of the argument says.
fn act(argument: Argument, code: &mut InstructionSink<'_>) {
    let address = |code: &mut InstructionSink<'_>| match argument {
        Argument::String => _ = code.local_get(0),
        Argument::Record => _ = code.local_get(0).i32_load(AT),
        Argument::Variant => _ = code.local_get(1),
    };
    address(code);
    address(code);
    code.i32_load8_u(AT).call_indirect(DEEDS, DEED);
}

/// Writes code that, after the answer, does what the second byte of the argument says.
fn clean_up(code: &mut InstructionSink<'_>) {
    code.i32_const(0);
    code.local_get(0).i32_const(HEADER as i32 - 1).i32_sub().i32_load8_u(AT);
    code.call_indirect(DEEDS, DEED).drop();
}

/// Writes `cabi_realloc`: places one argument after the other, or does a deed.
fn allocate(code: &mut InstructionSink<'_>) {
    const SIZE: u32 = 3;
    let deed = |code: &mut InstructionSink<'_>| _ = code.local_get(SIZE).i32_const(ALLOCATION as i32).i32_sub();
    deed(code);
    code.i32_const(1).i32_sub().i32_const(Deed::ALL.len() as i32 - 1).i32_lt_u().if_(BlockType::Empty);
    code.i32_const(0);
    deed(code);
    code.call_indirect(DEEDS, DEED).return_().end();

    // From here on, the first parameter is the address of the allocation.
    code.global_get(FREE).local_tee(0).local_get(SIZE).i32_add();
    code.i32_const(15).i32_add().i32_const(-16).i32_and().global_set(FREE);
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.global_get(FREE).memory_size(0).i32_const(16).i32_shl().i32_le_u().br_if(1);
    code.i32_const(1).memory_grow(0).i32_const(-1).i32_ne().br_if(0);
    code.unreachable().end().end().local_get(0);
}

const AT: MemArg = MemArg { offset: 0, align: 0, memory_index: 0 };

#[derive(Default)]
struct Functions {
    types: TypeSection,
    functions: FunctionSection,
    code: CodeSection,
    exports: ExportSection,
}

impl Functions {
    fn add(&mut self, parameters: usize, results: usize, body: impl FnOnce(&mut InstructionSink<'_>)) -> u32 {
        let index = self.functions.len();
        self.types.ty().function(vec![ValType::I32; parameters], vec![ValType::I32; results]);
        self.functions.function(index);
        let mut function = Function::new([]);
        let mut code = function.instructions();
        body(&mut code);
        code.end();
        self.code.function(&function);
        index
    }

    fn export(&mut self, name: &str, parameters: usize, body: impl FnOnce(&mut InstructionSink<'_>)) {
        let index = self.add(parameters, 1, body);
        self.exports.export(name, ExportKind::Func, index);
    }

    fn export_without_result(&mut self, name: &str, parameters: usize, body: impl FnOnce(&mut InstructionSink<'_>)) {
        let index = self.add(parameters, 0, body);
        self.exports.export(name, ExportKind::Func, index);
    }
}
