"""pyarrow's S3FileSystem, which is the AWS SDK for C++: files, folders, partitioned Parquet data sets, CSV."""

from urllib.parse import urlsplit

import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet
from pyarrow import fs as files

from cell import *


def connect(**more):
    parts = urlsplit(ENDPOINT)
    options = {
        "scheme": parts.scheme,
        "endpoint_override": parts.netloc,
        "region": REGION,
        "force_virtual_addressing": ADDRESSING == "virtual",
        "allow_bucket_creation": True,
        "allow_bucket_deletion": True,
        "tls_ca_file_path": CA,
        "request_timeout": 30,
        "connect_timeout": 10,
    }
    return files.S3FileSystem(**options, **more)


fs = connect(access_key=KEY_ID, secret_key=SECRET)


def write(path, content, step=None, to=fs):
    with to.open_output_stream(path, buffer_size=None) as target:
        for at in range(0, len(content), step or max(len(content), 1)):
            target.write(content[at : at + step] if step else content)


def read(path):
    with fs.open_input_stream(path) as source:
        return source.read()


def refused(kind, part, call, *arguments):
    """The call fails with this class and with this in its message; gives the message."""
    try:
        call(*arguments)
    except kind as error:
        expect(part in str(error), f"{part!r} is not in: {error}")
        return str(error)
    raise AssertionError(f"nothing was refused where {kind.__name__} was expected")


def table():
    rows = 50_000
    return pyarrow.table(
        {
            "number": pyarrow.array(range(rows), pyarrow.int64()),
            "bytes": [data(20, number) for number in range(rows)],
            "name": [f"näme {number % 97}" for number in range(rows)],
            "part": [f"p{number % 4}" for number in range(rows)],
        }
    )


@check
def bucket_is_made_and_deleted():
    fs.create_dir(MADE)
    expect_equal(fs.get_file_info(MADE).type, files.FileType.Directory, "type of a new bucket")
    fs.delete_dir(MADE)
    expect_equal(fs.get_file_info(MADE).type, files.FileType.NotFound, "type of a deleted bucket")


@check
def small_and_empty_files():
    for name, size in [("empty", 0), ("small", 70_001)]:
        write(f"{BUCKET}/files/{name}", data(size, size))
        expect_bytes(read(f"{BUCKET}/files/{name}"), data(size, size), name)
        info = fs.get_file_info(f"{BUCKET}/files/{name}")
        expect_equal((info.type, info.size), (files.FileType.File, size), name)


@check
def stream_of_unknown_length_in_parts():
    content = data(21 * MIB + 17, 21)
    write(f"{BUCKET}/files/large", content, step=1_000_003)
    expect_bytes(read(f"{BUCKET}/files/large"), content, "large file")
    expect_equal(fs.get_file_info(f"{BUCKET}/files/large").size, len(content), "size")


@check
def ranges():
    content = data(21 * MIB + 17, 21)
    with fs.open_input_file(f"{BUCKET}/files/large") as source:
        expect_equal(source.size(), len(content), "size")
        for start, length in [(0, 1), (10 * MIB - 3, 6), (21 * MIB, 17), (123_457, 3 * MIB)]:
            expect_bytes(source.read_at(length, start), content[start : start + length], f"{length} bytes at {start}")
        source.seek(21 * MIB + 10)
        expect_bytes(source.read(), content[-7:], "the last seven")


@check
def metadata_is_kept():
    with fs.open_output_stream(
        f"{BUCKET}/files/typed", metadata={"Content-Type": "text/x-made", "Cache-Control": "no-store"}
    ) as target:
        target.write(b"typed")
    with fs.open_input_stream(f"{BUCKET}/files/typed") as source:
        kept = source.metadata()
    expect_equal((kept["Content-Type"], kept["Cache-Control"]), (b"text/x-made", b"no-store"), "metadata")


@check
def odd_keys():
    for number, key in enumerate(ODD_KEYS[:-1]):
        write(f"{BUCKET}/odd/{key}", data(1000, number))
    for number, key in enumerate(ODD_KEYS[:-1]):
        expect_bytes(read(f"{BUCKET}/odd/{key}"), data(1000, number), key)
    found = fs.get_file_info(files.FileSelector(f"{BUCKET}/odd", recursive=True))
    names = [info.path.removeprefix(f"{BUCKET}/odd/") for info in found if info.type == files.FileType.File]
    expect_equal(sorted(names), sorted(ODD_KEYS[:-1]), "files found")


@check
def copy_and_move():
    fs.copy_file(f"{BUCKET}/files/large", f"{BUCKET}/files/copy")
    expect_bytes(read(f"{BUCKET}/files/copy"), data(21 * MIB + 17, 21), "copy")
    fs.move(f"{BUCKET}/odd/{ODD_KEYS[2]}", f"{BUCKET}/files/moved + ü")
    expect_bytes(read(f"{BUCKET}/files/moved + ü"), data(1000, 2), "moved file")
    expect_equal(fs.get_file_info(f"{BUCKET}/odd/{ODD_KEYS[2]}").type, files.FileType.NotFound, "what was moved")


@check
def listing_in_pages():
    found = fs.get_file_info(files.FileSelector(MANY_BUCKET, recursive=True))
    wanted = [f"{MANY_BUCKET}/{key}" for key in MANY_KEYS]
    expect_equal(sorted(info.path for info in found if info.type == files.FileType.File), wanted, "files found")
    expect_equal([info.base_name for info in fs.get_file_info(files.FileSelector(MANY_BUCKET))], ["many"], "folders")


@check
def small_files_in_one_request_and_their_deletion():
    # Files are uploaded in parts, however small, unless they may be opened late.
    in_one_request = connect(access_key=KEY_ID, secret_key=SECRET, allow_delayed_open=True)
    paths = [f"{BUCKET}/gone/{number:02d} & more" for number in range(40)]
    for path in paths:
        write(path, path.encode(), to=in_one_request)
    expect_equal(
        sorted(info.path for info in fs.get_file_info(files.FileSelector(f"{BUCKET}/gone"))), paths, "files made"
    )
    expect_equal(read(paths[7]), paths[7].encode(), "one of them")
    fs.delete_dir(f"{BUCKET}/gone")
    expect_equal(fs.get_file_info(f"{BUCKET}/gone").type, files.FileType.NotFound, "the folder")
    fs.delete_file(f"{BUCKET}/files/copy")
    expect_equal(fs.get_file_info(f"{BUCKET}/files/copy").type, files.FileType.NotFound, "the file")


@check
def parquet_file():
    wanted = table()
    pyarrow.parquet.write_table(wanted, f"{BUCKET}/tables/table.parquet", filesystem=fs, row_group_size=10_000)
    expect(pyarrow.parquet.read_table(f"{BUCKET}/tables/table.parquet", filesystem=fs).equals(wanted), "another table")
    with pyarrow.parquet.ParquetFile(f"{BUCKET}/tables/table.parquet", filesystem=fs) as file:
        expect(
            file.read_row_group(3, columns=["name"]).equals(wanted.select(["name"]).slice(30_000, 10_000)),
            "another group",
        )
    return f"{wanted.num_rows} rows"


@check
def partitioned_data_set():
    wanted = table()
    place = f"{BUCKET}/tables/set"
    pyarrow.dataset.write_dataset(wanted, place, filesystem=fs, format="parquet", partitioning=["part"])
    found = pyarrow.dataset.dataset(place, filesystem=fs, format="parquet", partitioning=["part"])
    one = found.to_table(filter=pyarrow.dataset.field("part") == "p2").sort_by("number")
    mask = pyarrow.compute.equal(wanted["part"], "p2")
    expect(one.select(wanted.column_names).equals(wanted.filter(mask)), "another partition")
    expect_equal(found.count_rows(), wanted.num_rows, "rows")


@check
def csv_file():
    wanted = table().select(["number", "name", "part"])
    with fs.open_output_stream(f"{BUCKET}/tables/table.csv.gz", compression="gzip") as target:
        pyarrow.csv.write_csv(wanted, target)
    with fs.open_input_stream(f"{BUCKET}/tables/table.csv.gz", compression="gzip") as source:
        expect(pyarrow.csv.read_csv(source).equals(wanted), "another table")


@check
def not_found_is_told_by_class():
    expect_equal(fs.get_file_info(f"{BUCKET}/absent").type, files.FileType.NotFound, "an absent file")
    refused(FileNotFoundError, "absent", read, f"{BUCKET}/absent")
    refused(FileNotFoundError, "", fs.get_file_info, files.FileSelector(f"{BUCKET}/absent"))
    refused(OSError, "NO_SUCH_BUCKET", fs.get_file_info, files.FileSelector(ABSENT))
    return refused(OSError, "NO_SUCH_BUCKET", write, f"{ABSENT}/k", b"x")


@check
def forbidden():
    anonymous = connect(anonymous=True)
    refused(OSError, "ACCESS_DENIED", anonymous.get_file_info, f"{BUCKET}/files/large")
    liar = connect(access_key=KEY_ID, secret_key="x" * 40)
    return refused(OSError, "ACCESS_DENIED", liar.open_input_file, f"{BUCKET}/files/large")


run()
