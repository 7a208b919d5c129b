//! What the crate does in a cell, each on keys of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::aws::{AmazonS3, Checksum};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    UpdateVersion, WriteMultipart,
};
use reqwest::Method;
use tokio::io::AsyncWriteExt;

use crate::cell::{Cell, MIB, ODD_KEYS, Outcome, data, same};

pub struct Checks {
    cell: Cell,
    store: Arc<AmazonS3>,
}

macro_rules! expect {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err(format!($($what)+).into());
        }
    };
}

/// The error of a call that must fail in one way; its message.
macro_rules! refused {
    ($call:expr, $kind:pat) => {
        match $call {
            Err(error @ $kind) => error.to_string(),
            Err(error) => return Err(format!("not {}: {error}", stringify!($kind)).into()),
            Ok(_) => return Err(format!("nothing was refused where {} was expected", stringify!($kind)).into()),
        }
    };
}

impl Checks {
    pub fn new(cell: Cell) -> Result<Self, Box<dyn std::error::Error>> {
        let store = Arc::new(cell.store(&cell.bucket)?);
        Ok(Self { cell, store })
    }

    async fn holds(&self, key: &Path, wanted: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
        same(&self.store.get(key).await?.bytes().await?, wanted, key.as_ref())
    }

    pub async fn small(&self) -> Outcome {
        let (key, content) = (Path::from("small"), data(70_001, 1));
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, "text/x-made"),
            (Attribute::Metadata("colour".into()), "blue"),
        ]);
        let put = self
            .store
            .put_opts(&key, content.clone().into(), attributes.clone().into())
            .await?;
        let got = self.store.get(&key).await?;
        expect!(got.attributes == attributes, "other attributes: {:?}", got.attributes);
        expect!(got.meta.e_tag == put.e_tag, "another ETag: {:?}", got.meta.e_tag);
        same(&got.bytes().await?, &content, "content")?;
        let head = self.store.head(&key).await?;
        expect!(head.size == content.len() as u64, "another size: {}", head.size);
        Ok(String::new())
    }

    pub async fn empty(&self) -> Outcome {
        let key = Path::from("empty");
        self.store.put(&key, Bytes::new().into()).await?;
        self.holds(&key, b"").await?;
        Ok(String::new())
    }

    pub async fn parts(&self) -> Outcome {
        let (key, content) = (Path::from("parts"), data(17 * MIB + 13, 2));
        let mut writer = WriteMultipart::new_with_chunk_size(self.store.put_multipart(&key).await?, 5 * MIB);
        for piece in content.chunks(1_000_003) {
            writer.wait_for_capacity(3).await?;
            writer.write(piece);
        }
        let etag = writer.finish().await?.e_tag.unwrap_or_default();
        expect!(etag.ends_with("-4\""), "not four parts: {etag}");
        self.holds(&key, &content).await?;
        let mut left = self.store.put_multipart(&Path::from("left")).await?;
        left.put_part(vec![1; 5 * MIB].into()).await?;
        left.abort().await?;
        refused!(self.store.head(&Path::from("left")).await, Error::NotFound { .. });
        Ok(etag)
    }

    pub async fn stream(&self) -> Outcome {
        let (key, content) = (Path::from("stream"), data(11 * MIB + 7, 3));
        let mut writer = BufWriter::with_capacity(self.store.clone(), key.clone(), 5 * MIB);
        for piece in content.chunks(77_777) {
            writer.write_all(piece).await?;
        }
        writer.shutdown().await?;
        self.holds(&key, &content).await?;
        let etag = self.store.head(&key).await?.e_tag.unwrap_or_default();
        expect!(etag.contains('-'), "not in parts: {etag}");
        Ok(etag)
    }

    pub async fn checksums(&self) -> Outcome {
        for algorithm in [Checksum::SHA256, Checksum::CRC64NVME] {
            let store = self
                .cell
                .builder(&self.cell.bucket)?
                .with_checksum_algorithm(algorithm)
                .build()?;
            let (key, content) = (Path::from("summed"), data(300_000, 4));
            store.put(&key, content.clone().into()).await?;
            self.holds(&key, &content).await?;
            let (key, content) = (Path::from("summed parts"), data(6 * MIB, 5));
            let mut writer = WriteMultipart::new_with_chunk_size(store.put_multipart(&key).await?, 5 * MIB);
            writer.write(&content);
            writer.finish().await?;
            self.holds(&key, &content).await?;
        }
        let unsigned = self
            .cell
            .builder(&self.cell.bucket)?
            .with_unsigned_payload(true)
            .build()?;
        unsigned.put(&Path::from("unsigned"), data(1000, 6).into()).await?;
        self.holds(&Path::from("unsigned"), &data(1000, 6)).await?;
        Ok(String::new())
    }

    pub async fn ranges(&self) -> Outcome {
        let (key, content) = (Path::from("ranges"), data(300_000, 7));
        self.store.put(&key, content.clone().into()).await?;
        let asked = [0..1, 65_000..140_001, 299_990..300_000];
        for (got, range) in self.store.get_ranges(&key, &asked).await?.iter().zip(&asked) {
            same(got, &content[range.start as usize..range.end as usize], "range")?;
        }
        for (range, wanted) in [
            (GetRange::Offset(299_990), &content[299_990..]),
            (GetRange::Suffix(77), &content[299_923..]),
        ] {
            let options = GetOptions {
                range: Some(range),
                ..Default::default()
            };
            same(
                &self.store.get_opts(&key, options).await?.bytes().await?,
                wanted,
                "open range",
            )?;
        }
        Ok(refused!(
            self.store.get_range(&key, 300_000..300_001).await,
            Error::Generic { .. }
        ))
    }

    pub async fn odd_keys(&self) -> Outcome {
        let mut wanted = Vec::new();
        for (number, key) in ODD_KEYS.iter().enumerate() {
            let path = Path::parse(format!("odd/{key}"))?;
            self.store.put(&path, data(1000, number as u64).into()).await?;
            wanted.push(path);
        }
        for (number, path) in wanted.iter().enumerate() {
            self.holds(path, &data(1000, number as u64)).await?;
        }
        let mut listed: Vec<_> = self
            .store
            .list(Some(&"odd".into()))
            .map_ok(|meta| meta.location)
            .try_collect()
            .await?;
        listed.sort();
        wanted.sort();
        expect!(listed == wanted, "listed {listed:?}");
        Ok(String::new())
    }

    pub async fn copies(&self) -> Outcome {
        let (from, to) = (Path::parse(format!("odd/{}", ODD_KEYS[2]))?, Path::from("copied + ü"));
        self.store.copy(&from, &to).await?;
        self.holds(&to, &data(1000, 2)).await?;
        let moved = Path::from("moved");
        self.store.rename(&to, &moved).await?;
        self.holds(&moved, &data(1000, 2)).await?;
        refused!(self.store.head(&to).await, Error::NotFound { .. });
        Ok(refused!(
            self.store.copy_if_not_exists(&from, &moved).await,
            Error::AlreadyExists { .. }
        ))
    }

    pub async fn conditional_writes(&self) -> Outcome {
        let key = Path::from("once");
        let put = async |text: &'static str, mode: PutMode| {
            self.store.put_opts(&key, text.into(), PutOptions::from(mode)).await
        };
        let first = put("first", PutMode::Create).await?;
        refused!(put("second", PutMode::Create).await, Error::AlreadyExists { .. });
        let version = UpdateVersion {
            e_tag: first.e_tag.clone(),
            version: None,
        };
        let third = put("third", PutMode::Update(version.clone())).await?;
        refused!(
            put("fourth", PutMode::Update(version)).await,
            Error::Precondition { .. }
        );
        self.holds(&key, b"third").await?;
        let unchanged = GetOptions {
            if_none_match: third.e_tag,
            ..Default::default()
        };
        refused!(self.store.get_opts(&key, unchanged).await, Error::NotModified { .. });
        let changed = GetOptions {
            if_match: first.e_tag,
            ..Default::default()
        };
        Ok(refused!(
            self.store.get_opts(&key, changed).await,
            Error::Precondition { .. }
        ))
    }

    pub async fn listing(&self) -> Outcome {
        let store = self.cell.store(&self.cell.many_bucket)?;
        let keys: Vec<_> = store
            .list(None)
            .map_ok(|meta| meta.location.to_string())
            .try_collect()
            .await?;
        expect!(keys.len() == self.cell.many, "{} keys", keys.len());
        expect!(keys.is_sorted(), "another order");
        let after: Vec<_> = store
            .list_with_offset(None, &Path::from(keys[1000].as_str()))
            .try_collect()
            .await?;
        expect!(after.len() == self.cell.many - 1001, "{} keys after one", after.len());
        let top = store.list_with_delimiter(None).await?;
        let prefix = keys[0].split('/').next().unwrap_or_default();
        expect!(
            top.common_prefixes == [Path::from(prefix)] && top.objects.is_empty(),
            "grouped as {top:?}"
        );
        Ok(format!("{} keys", keys.len()))
    }

    pub async fn deletion(&self) -> Outcome {
        let paths: Vec<_> = (0..40)
            .map(|number| Path::from(format!("gone/{number} & more")))
            .collect();
        for path in &paths {
            self.store.put(path, "x".into()).await?;
        }
        let asked = stream::iter(paths.clone()).map(Ok).boxed();
        let deleted: Vec<_> = self.store.delete_stream(asked).try_collect().await?;
        expect!(deleted.len() == paths.len(), "{} deleted", deleted.len());
        expect!(
            self.store.list(Some(&"gone".into())).next().await.is_none(),
            "keys are left"
        );
        Ok(String::new())
    }

    pub async fn refusals(&self) -> Outcome {
        let (small, absent) = (Path::from("small"), Path::from("absent"));
        refused!(self.store.get(&absent).await, Error::NotFound { .. });
        refused!(self.store.head(&absent).await, Error::NotFound { .. });
        let nowhere = self.cell.store(&format!("{}-absent", self.cell.bucket))?;
        // The crate has no kind of its own for this one.
        let said = refused!(nowhere.list(None).try_collect::<Vec<_>>().await, Error::Generic { .. });
        expect!(said.contains("NoSuchBucket"), "not the bucket: {said}");
        let anonymous = self
            .cell
            .builder(&self.cell.bucket)?
            .with_skip_signature(true)
            .build()?;
        refused!(anonymous.get(&small).await, Error::PermissionDenied { .. });
        refused!(anonymous.put(&small, "x".into()).await, Error::PermissionDenied { .. });
        let liar = self
            .cell
            .builder(&self.cell.bucket)?
            .with_secret_access_key("x".repeat(40))
            .build()?;
        Ok(refused!(liar.get(&small).await, Error::PermissionDenied { .. }))
    }

    pub async fn presigned(&self) -> Outcome {
        let (key, content, time) = (Path::from("presigned + ü"), data(50_000, 8), Duration::from_secs(300));
        let http = self.cell.http()?;
        let put = self.store.signed_url(Method::PUT, &key, time).await?;
        let status = http.put(put).body(content.clone()).send().await?.status();
        expect!(status == 200, "status of PUT: {status}");
        let get = self.store.signed_url(Method::GET, &key, time).await?;
        let got = http.get(get.clone()).send().await?;
        expect!(got.status() == 200, "status of GET: {}", got.status());
        same(&got.bytes().await?, &content, "content")?;
        let status = http.delete(get).send().await?.status();
        expect!(status == 403, "status of DELETE by a URL for GET: {status}");
        Ok(String::new())
    }
}
