/** A checksum as a member of AWS's structures: `ChecksumCRC32`, `ChecksumSHA256`, … */
export function checksumMember(algorithm: string | null, value: string | null): Record<string, string> {
  return algorithm === null || value === null ? {} : { [`Checksum${algorithm}`]: value };
}
