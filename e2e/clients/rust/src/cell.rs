//! The cell that the program runs in, told by the environment.

use std::env::var;
use std::error::Error;

use object_store::aws::{AmazonS3, AmazonS3Builder, S3CopyIfNotExists};
use object_store::{Certificate, ClientOptions};

pub const MIB: usize = 1024 * 1024;
pub type Outcome = Result<String, Box<dyn Error>>;

/// Keys that signers, URL parsers and XML writers get wrong, each in its own way. A trailing slash this crate drops.
pub const ODD_KEYS: [&str; 6] = [
    "a folder/with spaces.txt",
    "plus+and&ampersand=equals",
    "ünïcödé/日本語/🗝",
    "percent%20literal%2F",
    "quote'\"<tag>;semi,colon:at@hash#question?",
    "dots.../~tilde*(star)!",
];

pub struct Cell {
    endpoint: String,
    virtual_host: bool,
    authority: Option<Vec<u8>>,
    /// A bucket that is there and empty.
    pub bucket: String,
    /// A bucket with `many` keys, more than one page of a listing.
    pub many_bucket: String,
    pub many: usize,
}

impl Cell {
    pub fn from_environment() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            endpoint: var("CELL_ENDPOINT")?,
            virtual_host: var("CELL_ADDRESSING")? == "virtual",
            authority: var("CELL_CA")
                .ok()
                .filter(|file| !file.is_empty())
                .map(std::fs::read)
                .transpose()?,
            bucket: var("CELL_BUCKET")?,
            many_bucket: var("CELL_MANY_BUCKET")?,
            many: var("CELL_MANY")?.parse()?,
        })
    }

    /// A store of one bucket for the owner of the keys in the environment; the crate takes them from there itself.
    pub fn builder(&self, bucket: &str) -> Result<AmazonS3Builder, Box<dyn Error>> {
        // In virtual-host style the crate wants the bucket's name in the address.
        let endpoint = match self.virtual_host {
            true => self.endpoint.replace("://", &format!("://{bucket}.")),
            false => self.endpoint.clone(),
        };
        let mut options = ClientOptions::new().with_allow_http(self.authority.is_none());
        if let Some(pem) = &self.authority {
            options = options.with_root_certificate(Certificate::from_pem(pem)?);
        }
        Ok(AmazonS3Builder::from_env()
            .with_endpoint(endpoint)
            .with_bucket_name(bucket)
            .with_virtual_hosted_style_request(self.virtual_host)
            .with_copy_if_not_exists(S3CopyIfNotExists::Multipart)
            .with_client_options(options))
    }

    pub fn store(&self, bucket: &str) -> Result<AmazonS3, Box<dyn Error>> {
        Ok(self.builder(bucket)?.build()?)
    }

    /// A client without S3, for presigned URLs.
    pub fn http(&self) -> Result<reqwest::Client, Box<dyn Error>> {
        let mut builder = reqwest::Client::builder().no_proxy();
        if let Some(pem) = &self.authority {
            builder = builder.tls_certs_only([reqwest::Certificate::from_pem(pem)?]);
        }
        Ok(builder.build()?)
    }
}

/// Bytes from a seed (xorshift64*).
pub fn data(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut made = Vec::with_capacity(size + 8);
    while made.len() < size {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        made.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    made.truncate(size);
    made
}

pub fn same(actual: &[u8], wanted: &[u8], what: &str) -> Result<(), Box<dyn Error>> {
    if actual == wanted {
        return Ok(());
    }
    Err(format!(
        "{what}: {} bytes that differ from the {} stored",
        actual.len(),
        wanted.len()
    )
    .into())
}
