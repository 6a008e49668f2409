//! Tests of the real disk on a real folder.

use super::*;

#[test]
fn files_are_made_written_read_renamed_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a/b");
    FileDisk.create_dir(&folder).unwrap();
    let path = folder.join("one");
    let mut file = FileDisk.create(&path).unwrap();
    file.append(b"hello ").unwrap();
    file.append(b"world").unwrap();
    file.sync().unwrap();
    assert_eq!(FileDisk.create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    let mut again = FileDisk.open_append(&path).unwrap();
    again.append(b"!").unwrap();
    let mut into = [0; 20];
    let read = FileDisk.open(&path).unwrap().read_at(6, &mut into).unwrap();
    assert_eq!(&into[..read], b"world!");
    replace(&FileDisk, &folder.join("two"), b"2").unwrap();
    replace(&FileDisk, &folder.join("two"), b"22").unwrap();
    assert_eq!(read_all(&FileDisk, &folder.join("two"), 100).unwrap(), b"22");
    assert_eq!(read_all(&FileDisk, &folder.join("two"), 1).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    let taken = FileDisk.rename_new(&path, &folder.join("two")).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    FileDisk.rename_new(&path, &folder.join("three")).unwrap();
    let names = |dir: &Path| -> Vec<(String, u64)> {
        FileDisk.list(dir).unwrap().into_iter().map(|entry| (entry.name, entry.bytes)).collect()
    };
    assert_eq!(names(&folder), [("three".to_owned(), 12), ("two".to_owned(), 2)]);
    FileDisk.remove(&folder.join("three")).unwrap();
    FileDisk.sync_dir(&folder).unwrap();
    assert_eq!(names(&folder), [("two".to_owned(), 2)]);
    assert!(FileDisk.free_bytes(&folder).unwrap() > 0);
    make_dirs(&FileDisk, &folder.join("c/d")).unwrap();
    FileDisk.link(&folder.join("two"), &folder.join("c/d/same")).unwrap();
    let taken = FileDisk.link(&folder.join("two"), &folder.join("c/d/same")).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(names(&folder.join("c/d")), [("same".to_owned(), 2)]);
    remove_all(&FileDisk, &folder.join("c")).unwrap();
    remove_all(&FileDisk, &folder.join("c")).unwrap();
    assert_eq!(names(&folder), [("two".to_owned(), 2)]);
}

#[test]
fn a_folder_is_locked_for_one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let lock = FileDisk.lock(dir.path()).unwrap();
    assert_eq!(FileDisk.lock(dir.path()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop(lock);
    FileDisk.lock(dir.path()).unwrap();
}

#[test]
fn faults_have_the_operators_names() {
    let of = |code| DiskFault::from(io::Error::from_raw_os_error(code));
    assert_eq!(
        [of(28), of(30), of(24), of(23), of(13)],
        [DiskFault::Full, DiskFault::ReadOnly, DiskFault::TooManyFiles, DiskFault::TooManyFiles, DiskFault::NotAllowed]
    );
    assert!(matches!(of(5), DiskFault::Failed(_)));
}
