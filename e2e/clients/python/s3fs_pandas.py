"""s3fs, and pandas on it: files, folders, and tables written and read as CSV and Parquet."""

import io

import pandas
import s3fs

from cell import *

OPTIONS = {
    "key": KEY_ID,
    "secret": SECRET,
    "client_kwargs": {"endpoint_url": ENDPOINT, "region_name": REGION, "verify": CA},
    "config_kwargs": {"s3": {"addressing_style": ADDRESSING}},
}
# Listings are cached by s3fs; here each is to be asked for.
fs = s3fs.S3FileSystem(**OPTIONS, use_listings_cache=False)
URL = f"s3://{BUCKET}"


def refused(kind, call, *arguments, **more):
    try:
        call(*arguments, **more)
    except kind as error:
        return str(error)
    raise AssertionError(f"nothing was refused where {kind.__name__} was expected")


def table():
    rows = 40_000
    numbers = data(rows * 4, 11)
    return pandas.DataFrame(
        {
            "number": [int.from_bytes(numbers[at * 4 : at * 4 + 4], "little") for at in range(rows)],
            "share": [at / 7 for at in range(rows)],
            "name": [f"näme {at % 97}, “quoted”" for at in range(rows)],
            "when": pandas.date_range("2026-01-01", periods=rows, freq="min"),
        }
    )


@check
def file_in_one_piece_and_in_parts():
    for name, size in [("empty", 0), ("small", 70_001), ("large", 16 * MIB + 5)]:
        content = data(size, size)
        with fs.open(f"{BUCKET}/files/{name}", "wb", block_size=5 * MIB) as file:
            file.write(content)
        expect_equal(fs.info(f"{BUCKET}/files/{name}")["size"], size, f"size of {name}")
        expect_bytes(fs.cat(f"{BUCKET}/files/{name}"), content, name)
    etag = fs.info(f"{BUCKET}/files/large")["ETag"]
    expect("-" in etag, f"not in parts: {etag}")
    return etag


@check
def writes_of_many_sizes_become_one_file():
    content, at, step = data(12 * MIB + 1, 12), 0, 1
    with fs.open(f"{BUCKET}/files/stream", "wb", block_size=5 * MIB) as file:
        while at < len(content):
            file.write(content[at : at + step])
            at, step = at + step, min(step * 3, 700_001)
    expect_bytes(fs.cat(f"{BUCKET}/files/stream"), content, "stream")


@check
def seeks_and_ranges():
    content = data(16 * MIB + 5, 16 * MIB + 5)
    with fs.open(f"{BUCKET}/files/large", "rb", block_size=MIB) as file:
        for start, length in [(0, 1), (5 * MIB - 3, 6), (16 * MIB, 5), (123_457, 3 * MIB)]:
            file.seek(start)
            expect_bytes(file.read(length), content[start : start + length], f"{length} bytes at {start}")
    expect_bytes(fs.cat_file(f"{BUCKET}/files/large", start=-9), content[-9:], "last nine")


@check
def odd_keys():
    for number, key in enumerate(ODD_KEYS[:-1]):
        fs.pipe(f"{BUCKET}/odd/{key}", data(1000, number))
    found = sorted(path.removeprefix(f"{BUCKET}/odd/") for path in fs.find(f"{BUCKET}/odd"))
    expect_equal(found, sorted(ODD_KEYS[:-1]), "files found")
    for number, key in enumerate(ODD_KEYS[:-1]):
        expect_bytes(fs.cat(f"{BUCKET}/odd/{key}"), data(1000, number), key)


@check
def copy_move_and_local_files():
    fs.copy(f"{BUCKET}/files/large", f"{BUCKET}/files/copy")
    expect_bytes(fs.cat(f"{BUCKET}/files/copy"), data(16 * MIB + 5, 16 * MIB + 5), "copy")
    fs.mv(f"{BUCKET}/files/small", f"{BUCKET}/files/moved")
    expect(not fs.exists(f"{BUCKET}/files/small"), "the moved file is still there")
    expect_bytes(fs.cat(f"{BUCKET}/files/moved"), data(70_001, 70_001), "moved file")


@check
def appending_and_touching():
    path = f"{BUCKET}/files/appended"
    fs.pipe(path, b"first ")
    with fs.open(path, "ab") as file:
        file.write(b"second")
    expect_equal(fs.cat(path), b"first second", "content")
    refused(FileExistsError, fs.pipe_file, path, b"other", mode="create")
    expect_equal(fs.cat(path), b"first second", "content after the refused write")


@check
def listing_in_pages():
    wanted = [f"{MANY_BUCKET}/{key}" for key in MANY_KEYS]
    expect_equal(fs.find(MANY_BUCKET), wanted, "files found")
    expect_equal(fs.ls(MANY_BUCKET), [f"{MANY_BUCKET}/many"], "folders")
    expect_equal(len(fs.glob(f"{MANY_BUCKET}/many/*7")), len([key for key in wanted if key.endswith("7")]), "matches")


@check
def deletion_of_a_folder():
    fs.pipe({f"{BUCKET}/gone/{number % 3}/{number} & more": b"x" for number in range(40)})
    expect_equal(len(fs.find(f"{BUCKET}/gone")), 40, "files made")
    fs.rm(f"{BUCKET}/gone", recursive=True)
    expect_equal(fs.find(f"{BUCKET}/gone"), [], "files left")


@check
def pandas_csv():
    frame = table()
    frame.to_csv(f"{URL}/tables/a table.csv", index=False, storage_options=OPTIONS)
    back = pandas.read_csv(f"{URL}/tables/a table.csv", storage_options=OPTIONS, parse_dates=["when"])
    pandas.testing.assert_frame_equal(back, frame, check_dtype=False)
    expect_equal(fs.cat(f"{BUCKET}/tables/a table.csv").decode(), frame.to_csv(index=False), "text")
    return f"{len(back)} rows"


@check
def pandas_parquet():
    frame = table()
    frame.to_parquet(f"{URL}/tables/table.parquet", storage_options=OPTIONS)
    back = pandas.read_parquet(f"{URL}/tables/table.parquet", storage_options=OPTIONS)
    pandas.testing.assert_frame_equal(back, frame, check_dtype=False)
    columns = pandas.read_parquet(f"{URL}/tables/table.parquet", columns=["share"], storage_options=OPTIONS)
    expect_equal(list(columns.columns), ["share"], "columns")
    stored = pandas.read_parquet(io.BytesIO(fs.cat(f"{BUCKET}/tables/table.parquet")))
    pandas.testing.assert_frame_equal(stored, back)
    return f"{len(back)} rows"


@check
def not_found_is_told_by_class():
    refused(FileNotFoundError, fs.cat, f"{BUCKET}/absent")
    refused(FileNotFoundError, fs.info, f"{BUCKET}/absent")
    refused(FileNotFoundError, fs.ls, ABSENT)
    expect_equal(fs.exists(f"{BUCKET}/absent"), False, "whether an absent file is there")
    return refused(FileNotFoundError, pandas.read_csv, f"{URL}/absent.csv", storage_options=OPTIONS)


@check
def forbidden():
    given = {name: OPTIONS[name] for name in ["client_kwargs", "config_kwargs"]}
    anonymous = s3fs.S3FileSystem(anon=True, use_listings_cache=False, **given)
    refused(PermissionError, anonymous.cat, f"{BUCKET}/files/large")
    refused(PermissionError, anonymous.ls, BUCKET)
    return refused(PermissionError, anonymous.pipe, f"{BUCKET}/never", b"x")


@check
def presigned_url():
    import plain_http

    answer = plain_http.send("GET", fs.sign(f"{BUCKET}/odd/{ODD_KEYS[0]}", expiration=300))
    expect_equal(answer.status, 200, "status")
    expect_bytes(answer.body, data(1000, 0), "content")


run()
