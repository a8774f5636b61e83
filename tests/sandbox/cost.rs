//! What a drive costs the component: work and memory, which do not depend on other processes. Times are in docs/background/speed.md.
//!
//! Work is counted in wasmtime's fuel: one unit per wasm instruction, and per byte that is copied or set.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_host::{
    ConfigDrive, DriveSource, ImageFormat, Limits, Options, Sandbox,
    engine::{ConfigdrivePre, config, drive, lower_drive, lower_options},
    wasmtime::{self, Engine, ResourceLimiter, Store, component},
};
use configdrive_support::workloads::{self, Workload};
use configdrive_test_components::COUNTING;

/// The work of `pack`, in millions. If the component now does less, write the new number here; if it does more, explain why.
const PACK: [(Workload, u64); 3] = [(Workload::S, 14), (Workload::M, 35), (Workload::V, 17)];

#[test]
fn packing_a_drive_takes_no_more_work_than_before() {
    let component = Counted::load();
    for (workload, millions) in PACK {
        let cost = component
            .call(|drive, store| drive.call_pack(store, &workload.document(), lower_options(&options(workload), None)));
        let found = cost.fuel as f64 / 1e6;
        // Other versions of the compiler count a little differently.
        let range = millions as f64 * 0.9..millions as f64 * 1.1;
        assert!(range.contains(&found), "{}: expected {millions} million, found {found:.1} million", workload.name());
    }
}

#[test]
fn the_work_grows_in_proportion_to_the_files() {
    let component = Counted::load();
    let per_file = |count: usize| {
        let files: Vec<_> = (0..count).map(|index| format!("{index:0100}").into_bytes()).collect();
        let document = workloads::document(vec![], &files);
        component
            .call(|drive, store| drive.call_pack(store, &document, lower_options(&options(Workload::S), None)))
            .fuel as f64
            / count as f64
    };
    let (some, many) = (per_file(1000), per_file(8000));
    assert!(many < some * 1.3, "{some:.0} for each of 1000 files, {many:.0} for each of 8000");
}

#[test]
fn an_image_takes_at_most_three_times_its_size_in_memory() {
    let component = Counted::load();
    for workload in [Workload::L, Workload::V] {
        let document = workload.document();
        let mut size = 0;
        let cost = component.call(|drive, store| {
            let image = drive.call_build_drive(store, &document, lower_options(&options(workload), None))?;
            size = image.as_ref().map_or(0, Vec::len);
            Ok(image)
        });
        let peak = cost.memory;
        assert!(peak <= 3 * size.max(1 << 20), "{}: {peak} bytes for an image of {size}", workload.name());
    }
}

#[test]
fn free_space_is_packed_without_taking_memory() {
    let document = Workload::V.document();
    let cost = Counted::load()
        .call(|drive, store| drive.call_pack(store, &document, lower_options(&options(Workload::V), None)));
    assert!(cost.memory <= document.len() + (16 << 20), "{} bytes", cost.memory);
}

/// Without a limit on findings, the answer to this document took 191 MB.
#[test]
fn hundreds_of_thousands_of_faults_take_little_more_than_their_document() {
    let links = vec!["{}"; 260_000].join(",");
    let document = format!(r#"{{"meta_data": {{}}, "network_data": {{"links": [{links}]}}}}"#);
    let mut size = 0;
    let cost = Counted::load().call(|drive, store| {
        let findings = drive.call_check_document(store, &document, lower_options(&Options::default(), None))?;
        let text = |finding: &drive::Finding| finding.code.len() + finding.place.len() + finding.message.len();
        size = findings.iter().flatten().map(text).sum();
        Ok(findings)
    });
    let Cost { fuel, memory } = cost;
    println!("check-document: {size} bytes, {} MiB of memory, {} million instructions", memory >> 20, fuel / 1_000_000);
    assert!((1..50_000).contains(&size), "{size} bytes of findings");
    assert!(memory < 40 << 20, "{memory} bytes of memory");
}

/// The default [`Limits`] are based on this; the numbers are in their documentation. `cargo test --release
/// -p configdrive-host --test sandbox -- --nocapture the_largest` shows them.
#[test]
fn the_largest_drive_takes_less_than_half_of_the_memory_limit() {
    let limits = Limits::default();
    let component = Counted::load();
    // As much as fits alongside the file system's own structures. Only half of it does not compress, since the base64 text has a
    // limit too.
    let content = [workloads::noise(31 << 20), workloads::log(32 << 20)].concat();
    let document = format!(r#"{{"files": [{{"path": "large", "contents": "{}"}}]}}"#, STANDARD.encode(content));
    assert!(document.len() < limits.input);
    let options = Options::default();
    let text = Sandbox::new(Limits::default()).unwrap().pack(document.as_bytes(), &options).unwrap();
    let options = || lower_options(&options, None);
    let drive = || lower_drive(DriveSource::Text(&text));
    let costs = [
        ("build-drive", component.call(|guest, store| guest.call_build_drive(store, &document, options()))),
        ("pack", component.call(|guest, store| guest.call_pack(store, &document, options()))),
        ("check-document", component.call(|guest, store| guest.call_check_document(store, &document, options()))),
        ("inspect", component.call(|guest, store| guest.call_inspect(store, drive()))),
        ("extract", component.call(|guest, store| guest.call_extract(store, drive()))),
    ];
    println!("document: {} MiB", document.len() >> 20);
    for (verb, Cost { fuel, memory }) in costs {
        println!("{verb}: {} MiB of memory, {} million instructions", memory >> 20, fuel / 1_000_000);
        assert!(memory < limits.memory / 2, "{verb}");
    }
}

/// The component, compiled so that it counts its work.
struct Counted(ConfigdrivePre<Peak>);

struct Cost {
    /// Work, in the unit of wasmtime's fuel.
    fuel: u64,
    /// The largest size of memory in bytes.
    memory: usize,
}

impl Counted {
    #[expect(unsafe_code, reason = "the compiler cannot check code that is loaded at run time")]
    fn load() -> Self {
        let engine = Engine::new(config().consume_fuel(true)).unwrap();
        // SAFETY: the build script compiled it with this version of wasmtime.
        let component = unsafe { component::Component::deserialize(&engine, COUNTING) }.unwrap();
        Self(component::Linker::new(&engine).instantiate_pre(&component).and_then(ConfigdrivePre::new).unwrap())
    }

    fn call<T>(
        &self,
        call: impl FnOnce(&drive::Guest, &mut Store<Peak>) -> wasmtime::Result<Result<T, drive::Error>>,
    ) -> Cost {
        const TANK: u64 = u64::MAX / 2;
        let mut store = Store::new(self.0.engine(), Peak::default());
        store.limiter(|peak| peak);
        store.set_epoch_deadline(1);
        store.set_fuel(TANK).unwrap();
        let instance = self.0.instantiate(&mut store).unwrap();
        call(instance.ironic_configdrive_drive(), &mut store).unwrap().unwrap();
        Cost { fuel: TANK - store.get_fuel().unwrap(), memory: store.data().0 }
    }
}

/// The peak of the component's memory in bytes.
#[derive(Default)]
struct Peak(usize);

impl ResourceLimiter for Peak {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.0 = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

fn options(workload: Workload) -> Options {
    let mut options = Options::default();
    options.size = workload.fat_size();
    options.format = if options.size.is_some() { ImageFormat::Vfat } else { ImageFormat::Iso9660 };
    options
}
