//! The library's public functions: what they return, and each kind of error with its code, its pointer and its message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive::{
    DriveSource, Error, ErrorCode, ImageFormat, OptionError, Options, Policy, VendordataProvider, build_drive, encode,
    extract, files, inspect, pack, read_file, required_by,
};
use configdrive_support::{trials, trials::Trial};
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    trials![
        a_drive_is_required_by_the_instance_or_the_operator,
        packing_equals_building_and_encoding,
        a_drive_can_be_inspected_in_all_its_forms,
        invalid_options_are_refused,
        invalid_documents_are_refused,
        input_that_is_too_large_is_refused,
        input_that_is_not_a_drive_is_refused,
    ]
}

const MANDATORY: &str = r#"{"instance": {"config_drive": true}}"#;

fn a_drive_is_required_by_the_instance_or_the_operator() {
    assert!(required_by(MANDATORY, Policy::default()).unwrap());
    let indifferent = MANDATORY.replace("true", "\"\"");
    assert!(!required_by(&indifferent, Policy::default()).unwrap());
    assert!(required_by(&indifferent, Policy { force_config_drive: true }).unwrap());
}

fn packing_equals_building_and_encoding() {
    for options in [Options::default(), vfat(None, None), vfat(Some(16 << 20), Some(4096))] {
        let image = build_drive(drive(), &options).unwrap();
        assert_eq!(image.len() as u64, options.size.unwrap_or(image.len() as u64));
        assert_eq!(pack(drive(), &options).unwrap(), encode(&image).unwrap());
    }
}

fn a_drive_can_be_inspected_in_all_its_forms() {
    let image = build_drive(drive(), &Options::default()).unwrap();
    let text = encode(&image).unwrap();
    let lines = text.as_bytes().chunks(76).collect::<Vec<_>>().join(&b'\n');
    let gzip = STANDARD.decode(&text).unwrap();
    let forms = [
        DriveSource::Bytes(&image),
        DriveSource::Bytes(&gzip),
        DriveSource::Bytes(&lines),
        DriveSource::Bytes(text.as_bytes()),
        DriveSource::Text(&text),
    ];
    for form in forms {
        let found = inspect(form).unwrap();
        assert_eq!(found.file_system.to_string(), "ISO 9660 with Rock Ridge");
        assert_eq!((&*found.label, found.image_size), ("config-2", image.len() as u64));
        let listed: Vec<_> = found.files.iter().map(|file| (&*file.path, file.size, &*file.sha256)).collect();
        // FIPS 180-4's example, and the empty string.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(listed, [("a/copy", 3, abc), ("a/text", 3, abc), ("empty", 0, nothing)]);

        let extracted: Vec<_> = extract(form).unwrap().into_iter().map(|file| (file.paths, file.content)).collect();
        assert!(extracted.contains(&(vec!["a/copy".into(), "a/text".into()], b"abc".to_vec())), "{extracted:?}");
        assert!(extracted.contains(&(vec!["empty".into()], vec![])), "{extracted:?}");
        assert_eq!(extracted.len(), 2);

        assert_eq!(read_file(form, "a/text").unwrap(), b"abc");
        refuses(read_file(form, "a"), ErrorCode::InvalidOption, None, "the drive has no file \"a\"; run inspect");
    }
    for (options, file_system, sector_size) in [
        (vfat(None, None), "FAT12", 512),
        (vfat(Some(64 << 20), None), "FAT16", 512),
        (vfat(None, Some(4096)), "FAT12", 4096),
    ] {
        let found = inspect(DriveSource::Bytes(&build_drive(drive(), &options).unwrap())).unwrap().file_system;
        assert_eq!((&*found.to_string(), found.sector_size()), (file_system, sector_size));
    }
}

fn invalid_options_are_refused() {
    let iso = |size, sector_size| Options { size, sector_size, ..Options::default() };
    for (options, error) in [
        (iso(Some(1), None), OptionError::SizeOfIso9660),
        (iso(Some(1), Some(2048)), OptionError::SizeOfIso9660),
        (iso(None, Some(2048)), OptionError::SectorSizeOfIso9660),
        (vfat(None, Some(1024)), OptionError::SectorSize { bytes: 1024 }),
        (vfat(Some((64 << 20) + 512), None), OptionError::SizeTooLarge { size: (64 << 20) + 512 }),
    ] {
        refuses(build_drive(drive(), &options), ErrorCode::InvalidOption, None, &error.to_string());
        refuses(pack(drive(), &options), ErrorCode::InvalidOption, None, &error.to_string());
    }
    for (options, message) in [
        (iso(Some(1), None), "option size: the files determine the size of an ISO 9660 image"),
        (iso(None, Some(2048)), "option sector_size: an ISO 9660 image always has 2048-byte sectors"),
        (vfat(None, Some(1024)), "option sector_size: expected 512, 2048 or 4096 bytes, found 1024"),
        (
            vfat(Some(65 << 20), None),
            "option size: expected at most 67108864 bytes, the limit of Ironic's agent; found 68157440",
        ),
        (vfat(Some(1536), Some(2048)), "option size: expected a multiple of the sector size (2048 bytes), found 1536"),
        (vfat(Some(512), None), "option size: 512 bytes are too small for the drive; it needs at least"),
        (date(0), "option source_date_epoch: the image format cannot represent the date 0"),
    ] {
        refuses(build_drive(drive(), &options), ErrorCode::InvalidOption, None, message);
    }
    for (options, message) in [
        (
            Options { vendordata_providers: Some(vec![VendordataProvider::DynamicJson]), ..Options::default() },
            "option vendordata_providers: StaticJSON is missing",
        ),
        (
            Options { newest_version: Some("latest".into()), ..Options::default() },
            "option newest_version: expected a version of OpenStack metadata from 2012-08-10 to 2025-04-04",
        ),
        (Options { ports: Some("[".into()), ..Options::default() }, "option ports: "),
        (Options { random_seed: Some("?".into()), ..Options::default() }, "option random_seed: "),
    ] {
        refuses(build_drive(INSTANCE, &options), ErrorCode::InvalidOption, None, message);
    }
    assert!(build_drive(drive(), &vfat(Some(64 << 20), Some(512))).is_ok());
}

fn invalid_documents_are_refused() {
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (document, pointer, message) in [
        ("{".into(), Some(""), ""),
        (nested, Some(""), ""),
        (r#"{"instance": 1, "network_data": {}}"#.into(), Some("/instance"), "/instance: "),
        (drive_of(&[("/a", b"")]), Some("/files/0/path"), "/files/0/path: path \"/a\" starts with a slash"),
        (drive_of(&[("a", b""), ("a", b"")]), Some("/files/1/path"), "/files/1/path: path \"a\" appears twice"),
    ] {
        refuses(files(&document, &Options::default()), ErrorCode::InvalidDocument, pointer, message);
    }
    let alike: Vec<_> = (0..11_000).map(|index| format!("{}{index:05}", "long".repeat(14))).collect();
    let alike: Vec<_> = alike.iter().map(|path| (&**path, &b""[..])).collect();
    let message = "the names in the directory \"\" need more than FAT's 65,536 directory entries";
    refuses(build_drive(drive_of(&alike), &vfat(None, None)), ErrorCode::InvalidDocument, None, message);
}

fn input_that_is_too_large_is_refused() {
    let content = vec![7; 40 << 20];
    let document =
        drive_of(&[("large", &content), ("small", &content[..10]), ("larger", &[&content[..], b"."].concat())]);
    let message = "Ironic's agent accepts at most 67108864; make the drive smaller, its largest files are \
                   \"larger\" (41943041 bytes), \"large\" (41943040 bytes), \"small\" (10 bytes)";
    for options in [Options::default(), vfat(None, None)] {
        let error = build_drive(&*document, &options).unwrap_err();
        assert_eq!(error.code(), ErrorCode::TooLarge);
        assert!(error.to_string().ends_with(message), "{error}");
    }
    let image = vec![0; (64 << 20) + 1];
    refuses(
        encode(&image),
        ErrorCode::TooLarge,
        None,
        "the image has 67108865 bytes, but Ironic's agent accepts at most 67108864",
    );
    let message = "the image has more than 67108864 bytes";
    refuses(inspect(DriveSource::Bytes(&image)), ErrorCode::TooLarge, None, message);
    let paths: Vec<_> = (0..=65_536).map(|index| index.to_string()).collect();
    let entries: Vec<_> = paths.iter().map(|path| (&**path, &b""[..])).collect();
    let message = "/files/65536/path: path \"65536\" exceeds the drive's limit of 65536 files and directories";
    refuses(files(&drive_of(&entries), &Options::default()), ErrorCode::TooLarge, Some("/files/65536/path"), message);
}

fn input_that_is_not_a_drive_is_refused() {
    let image = build_drive(drive(), &Options::default()).unwrap();
    let text = encode(&image).unwrap();
    let gzip = STANDARD.decode(&text).unwrap();
    let mut checksum = gzip.clone();
    *checksum.last_mut().unwrap() ^= 1;
    let mut deflate = gzip[..11].to_vec();
    deflate.extend([0xff; 20]);
    let twice = STANDARD.decode(encode(&gzip).unwrap()).unwrap();
    for (drive, message) in [
        (DriveSource::Bytes(b"\0"), "not a config drive: the image is neither ISO 9660 nor FAT"),
        (DriveSource::Bytes(&[0; 512]), "not a config drive: the image has only zeros"),
        (
            DriveSource::Bytes(&twice),
            "not a config drive: the image is compressed with gzip twice; compress it only once",
        ),
        (DriveSource::Text("b'H4sI'"), "the drive is text in quotes, such as Python's b'...'"),
        (DriveSource::Text("H4sI-_"), "the drive is base64 in the alphabet for URLs (- or _ at offset 4)"),
        (DriveSource::Text("http://"), "the drive is a URL"),
        (DriveSource::Text("a.b"), "the drive is not base64 (invalid byte at offset 1)"),
        (DriveSource::Text(text.split_at(text.len() - 1).0), "the drive's base64 is truncated"),
        (DriveSource::Bytes(&gzip[..gzip.len() - 1]), "the drive's gzip is damaged: the member at byte 0 is truncated"),
        (
            DriveSource::Bytes(b"\x1f\x8b\x07\0\0\0\0\0\0\0"),
            "the drive's gzip is damaged: the member at byte 0 has an invalid header",
        ),
        (DriveSource::Bytes(&deflate), "the drive's gzip is damaged: the member at byte 0 cannot be decompressed"),
        (
            DriveSource::Bytes(&checksum),
            "the drive's gzip is damaged: the member at byte 0 does not match its checksum",
        ),
        (
            DriveSource::Bytes(&image[..40_000]),
            "damaged file system: directory at byte 43008 reaches past the end of the image; the image may be truncated",
        ),
    ] {
        refuses(inspect(drive), ErrorCode::InvalidDrive, None, message);
        refuses(extract(drive), ErrorCode::InvalidDrive, None, message);
        refuses(read_file(drive, "a"), ErrorCode::InvalidDrive, None, message);
    }
}

#[track_caller]
fn refuses<T>(result: Result<T, Error>, code: ErrorCode, pointer: Option<&str>, message: &str) {
    let Err(error) = result else { panic!("accepted: {message}") };
    assert_eq!((error.code(), error.pointer()), (code, pointer), "{error}");
    assert!(error.to_string().starts_with(message), "{error}");
}

/// Returns the document of a small drive.
fn drive() -> String {
    drive_of(&[("a/text", b"abc"), ("a/copy", b"abc"), ("empty", b"")])
}

fn drive_of(files: &[(&str, &[u8])]) -> String {
    let file = |(path, content): &(&str, &[u8])| json!({"path": path, "contents": STANDARD.encode(content)});
    json!({"files": files.iter().map(file).collect::<Vec<Value>>()}).to_string()
}

const INSTANCE: &str = include_str!("../golden/minimal/document.json");

fn vfat(size: Option<u64>, sector_size: Option<u32>) -> Options {
    Options { format: ImageFormat::Vfat, size, sector_size, ..Options::default() }
}

fn date(source_date_epoch: u64) -> Options {
    Options { source_date_epoch: Some(source_date_epoch), ..vfat(None, None) }
}
