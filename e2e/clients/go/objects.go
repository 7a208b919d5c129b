package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (p *program) put(key string, content []byte) error {
	_, err := p.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content)})
	return err
}

func (p *program) holds(key string, content []byte) error {
	got, err := p.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	defer got.Body.Close()
	// The SDK compares the checksum at the end of the body and fails the read.
	body, err := io.ReadAll(got.Body)
	return errors.Join(err, sameBytes(body, content, key))
}

func (p *program) bucketIsMadeAndDeleted() (string, error) {
	if _, err := p.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &made}); err != nil {
		return "", err
	}
	listed, err := p.client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(listed.Buckets, func(b types.Bucket) bool { return *b.Name == made }) {
		return "", errors.New("the bucket is not listed")
	}
	_, err = p.client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &made})
	return "", err
}

func (p *program) smallObject() (string, error) {
	content := data(70_001, 1)
	key := "small"
	_, err := p.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(content),
		ContentType: aws.String("text/x-made"), Metadata: map[string]string{"colour": "blue"},
	})
	if err != nil {
		return "", err
	}
	head, err := p.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", err
	}
	if *head.ContentType != "text/x-made" || head.Metadata["colour"] != "blue" || *head.ContentLength != 70_001 {
		return "", fmt.Errorf("other headers: %s %v %d", *head.ContentType, head.Metadata, *head.ContentLength)
	}
	return "", p.holds(key, content)
}

func (p *program) emptyObject() (string, error) {
	return "", errors.Join(p.put("empty", nil), p.holds("empty", nil))
}

func (p *program) checksums() (string, error) {
	content := data(300_000, 2)
	for _, algorithm := range types.ChecksumAlgorithmCrc32.Values() {
		if !slices.Contains([]string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"}, string(algorithm)) {
			continue
		}
		_, err := p.client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &bucket, Key: aws.String("summed"), Body: bytes.NewReader(content), ChecksumAlgorithm: algorithm,
		})
		if err != nil {
			return "", fmt.Errorf("%s: %w", algorithm, err)
		}
		got, err := p.client.GetObject(ctx, &s3.GetObjectInput{
			Bucket: &bucket, Key: aws.String("summed"), ChecksumMode: types.ChecksumModeEnabled,
		})
		if err != nil {
			return "", fmt.Errorf("%s: %w", algorithm, err)
		}
		body, err := io.ReadAll(got.Body)
		if err = errors.Join(err, got.Body.Close(), sameBytes(body, content, string(algorithm))); err != nil {
			return "", err
		}
		used, _ := s3.GetChecksumValidationMetadata(got.ResultMetadata)
		if !slices.Contains(used.AlgorithmsUsed, string(algorithm)) {
			return "", fmt.Errorf("%s was not compared, but %q", algorithm, used.AlgorithmsUsed)
		}
	}
	return "", nil
}

func (p *program) wrongChecksum() (string, error) {
	_, err := p.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: aws.String("never"), Body: bytes.NewReader([]byte("other")),
		ChecksumCRC32: aws.String("AAAAAA=="),
	})
	return refused(err, "BadDigest", 400)
}

func (p *program) ranges() (string, error) {
	content := data(300_000, 5)
	if err := p.put("ranges", content); err != nil {
		return "", err
	}
	for asked, wanted := range map[string][]byte{
		"bytes=0-0": content[:1], "bytes=65000-140000": content[65000:140001],
		"bytes=299990-": content[299990:], "bytes=-77": content[len(content)-77:],
	} {
		got, err := p.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("ranges"), Range: &asked})
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(got.Body)
		if err = errors.Join(err, got.Body.Close(), sameBytes(body, wanted, asked)); err != nil {
			return "", err
		}
	}
	_, err := p.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &bucket, Key: aws.String("ranges"), Range: aws.String("bytes=300000-"),
	})
	return refused(err, "InvalidRange", 416)
}

func (p *program) oddKeys() (string, error) {
	wanted := make([]string, 0, len(oddKeys))
	for number, key := range oddKeys {
		wanted = append(wanted, "odd/"+key)
		if err := p.put("odd/"+key, data(1000, uint64(number))); err != nil {
			return "", err
		}
	}
	for number, key := range wanted {
		if err := p.holds(key, data(1000, uint64(number))); err != nil {
			return "", err
		}
	}
	listed, err := p.keys(bucket, "odd/", 1000)
	slices.Sort(wanted)
	if err == nil && !slices.Equal(listed, wanted) {
		err = fmt.Errorf("listed %q", listed)
	}
	return "", err
}

func (p *program) copy() (string, error) {
	_, err := p.client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &bucket, Key: aws.String("copied +"),
		CopySource: aws.String(bucket + "/" + url.PathEscape("odd/"+oddKeys[2])),
	})
	return "", errors.Join(err, p.holds("copied +", data(1000, 2)))
}

func (p *program) conditionalWrites() (string, error) {
	write := func(content string, change func(*s3.PutObjectInput)) error {
		input := &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("once"), Body: bytes.NewReader([]byte(content))}
		change(input)
		_, err := p.client.PutObject(ctx, input)
		return err
	}
	onlyNew := func(input *s3.PutObjectInput) { input.IfNoneMatch = aws.String("*") }
	if err := write("first", onlyNew); err != nil {
		return "", err
	}
	detail, err := refused(write("second", onlyNew), "PreconditionFailed", 412)
	return detail, errors.Join(err, p.holds("once", []byte("first")))
}

// keys lists with the paginator, pages of the given size.
func (p *program) keys(from, prefix string, page int32) ([]string, error) {
	var keys []string
	pages := s3.NewListObjectsV2Paginator(p.client, &s3.ListObjectsV2Input{
		Bucket: &from, Prefix: &prefix, MaxKeys: &page,
	})
	for pages.HasMorePages() {
		answer, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, each := range answer.Contents {
			keys = append(keys, *each.Key)
		}
	}
	return keys, nil
}

func (p *program) listing() (string, error) {
	for _, page := range []int32{1000, 300} {
		listed, err := p.keys(manyBucket, "", page)
		if err != nil {
			return "", err
		}
		if len(listed) != many || !slices.IsSorted(listed) {
			return "", fmt.Errorf("%d keys listed by %d, or in another order", len(listed), page)
		}
	}
	grouped, err := p.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &manyBucket, Delimiter: aws.String("/")})
	if err == nil && len(grouped.CommonPrefixes) != 1 {
		err = fmt.Errorf("%d prefixes", len(grouped.CommonPrefixes))
	}
	return fmt.Sprintf("%d keys", many), err
}

func (p *program) deletion() (string, error) {
	var objects []types.ObjectIdentifier
	for number := range 40 {
		key := fmt.Sprintf("gone/%d & more", number)
		objects = append(objects, types.ObjectIdentifier{Key: &key})
		if err := p.put(key, []byte("x")); err != nil {
			return "", err
		}
	}
	answer, err := p.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &bucket, Delete: &types.Delete{Objects: objects},
	})
	if err != nil {
		return "", err
	}
	if len(answer.Deleted) != len(objects) || len(answer.Errors) != 0 {
		return "", fmt.Errorf("%d deleted, %d errors", len(answer.Deleted), len(answer.Errors))
	}
	left, err := p.keys(bucket, "gone/", 1000)
	if err == nil && len(left) != 0 {
		err = fmt.Errorf("%d keys left", len(left))
	}
	return "", err
}
