//! The faults of inputs as a whole: of files, links, compressed streams and archives.

use cordon_model::Anomaly;

/// A file, directory or link that could not be opened or read.
pub const UNREADABLE: Anomaly =
    Anomaly::new("input_unreadable", "the input could not be opened or read; what was read before counts");
/// A symbolic link that leads back to a directory above it.
pub const LINK_LOOP: Anomaly = Anomaly::new(
    "symlink_loop",
    "a symbolic link leads back to itself or to a directory above it; it was not followed",
);
/// A symbolic link to a place that is read under its own name.
pub const LINK_INSIDE: Anomaly = Anomaly::new(
    "symlink_repeated",
    "a symbolic link leads to a place that is read under another name; it was not followed",
);
/// A socket, pipe or device found in a directory.
pub const NOT_A_FILE: Anomaly = Anomaly::new(
    "not_a_regular_file",
    "a socket, pipe or device in a directory was left out; name it as a PATH to read it",
);
/// A directory nested deeper than the walk goes.
pub const TOO_DEEP: Anomaly =
    Anomaly::new("directory_too_deep", "the directory is nested more than 128 deep; it was left out");
/// More files than one scan takes.
pub const TOO_MANY_FILES: Anomaly =
    Anomaly::new("too_many_files", "one PATH holds more than 4,000,000 files; the rest was left out");
/// A file without bytes.
pub const EMPTY: Anomaly = Anomaly::new("empty_input", "the input holds no bytes");
/// A folder asked for in which there is nothing to read.
pub const NO_FILES: Anomaly = Anomaly::new("no_files", "the folder holds no file that could be read");
/// A file that another PATH gave already.
pub const REPEATED: Anomaly =
    Anomaly::new("input_repeated", "the file was given more than once; it was read once, under its first name");
/// A compressed stream that ends early.
pub const TRUNCATED: Anomaly =
    Anomaly::new("compressed_truncated", "the compressed input ends early; what was expanded until then was read");
/// A compressed stream with impossible contents.
pub const DAMAGED: Anomaly =
    Anomaly::new("compressed_damaged", "the compressed input is damaged; what was expanded until then was read");
/// An expansion out of all proportion.
pub const EXPANSION_BOMB: Anomaly = Anomaly::new(
    "expansion_bomb",
    "the input expands beyond the allowed ratio or size; what was expanded until then was read, the rest was left out",
);
/// Compression within compression, too deep.
pub const NESTED_TOO_DEEP: Anomaly =
    Anomaly::new("nested_too_deep", "compressed or archived more than twice over; the innermost was left out");
/// A zip archive whose directory makes no sense.
pub const ZIP_DAMAGED: Anomaly =
    Anomaly::new("zip_damaged", "the zip archive or one of its members is damaged; it was left out");
/// A zip member under a password.
pub const ZIP_ENCRYPTED: Anomaly = Anomaly::new("zip_encrypted", "the zip member is encrypted; it was left out");
/// A zip member in a compression that is not read.
pub const ZIP_METHOD: Anomaly = Anomaly::new(
    "zip_method_unknown",
    "the zip member is compressed by something other than deflate or zstd; it was left out",
);
/// Two zip members of one name, or members that the directory hides.
pub const ZIP_HIDDEN: Anomaly =
    Anomaly::new("zip_members_hidden", "the zip archive states more members than it shows; some could not be read");
/// A zip member whose checksum is wrong.
pub const ZIP_CHECKSUM: Anomaly =
    Anomaly::new("zip_checksum", "the zip member does not have the checksum it states; it was read all the same");
/// A zip member that is a symbolic link.
pub const ZIP_LINK: Anomaly = Anomaly::new("zip_link", "a symbolic link in a zip archive was not followed");
/// A tar archive with something else where a header should be.
pub const TAR_DAMAGED: Anomaly =
    Anomaly::new("tar_damaged", "the tar archive is damaged; its members from there on were left out");
/// A tar archive that ends early.
pub const TAR_TRUNCATED: Anomaly = Anomaly::new("tar_truncated", "the tar archive ends early; what was there was read");
/// A tar member of a kind that is not read.
pub const TAR_KIND: Anomaly = Anomaly::new(
    "tar_kind_unknown",
    "the tar member is a sparse file or of another kind that is not read; it was left out",
);
/// A tar member that is a link.
pub const TAR_LINK: Anomaly = Anomaly::new("tar_link", "a link in a tar archive was not followed");
/// UTF-16 with impossible units.
pub const UTF16_MALFORMED: Anomaly =
    Anomaly::new("utf16_malformed", "the UTF-16 text holds impossible units; each was replaced by U+FFFD");
