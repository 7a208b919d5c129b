package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// inParts fails unless the object was stored in this many parts; gives its ETag.
func (p *program) inParts(key string, parts int) (string, error) {
	head, err := p.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key, ChecksumMode: "ENABLED"})
	if err != nil {
		return "", err
	}
	if !strings.HasSuffix(*head.ETag, fmt.Sprintf(`-%d"`, parts)) {
		err = fmt.Errorf("not %d parts: %s", parts, *head.ETag)
	}
	return fmt.Sprintf("%s %s", *head.ETag, head.ChecksumType), err
}

// The former transfer manager: superseded, and what most programs still use.
func (p *program) managerParts() (string, error) {
	content := data(17*mib+13, 3)
	key := "manager"
	_, err := manager.NewUploader(p.client).Upload(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(content),
	})
	if err != nil {
		return "", err
	}
	target := make(writeAt, len(content))
	downloader := manager.NewDownloader(p.client, func(d *manager.Downloader) { d.PartSize = 5 * mib })
	if _, err = downloader.Download(ctx, target, &s3.GetObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		return "", err
	}
	detail, err := p.inParts(key, 4)
	return detail, errors.Join(err, sameBytes(target, content, key))
}

func (p *program) managerStream() (string, error) {
	content := data(11*mib+7, 4)
	key := "manager stream"
	_, err := manager.NewUploader(p.client).Upload(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: pipe{bytes.NewReader(content)},
	})
	if err != nil {
		return "", err
	}
	detail, err := p.inParts(key, 3)
	return detail, errors.Join(err, p.holds(key, content))
}

func (p *program) transferParts() (string, error) {
	content := data(25*mib+13, 5)
	key := "transfer"
	client := transfermanager.New(p.client)
	_, err := client.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(content),
	})
	if err != nil {
		return "", err
	}
	target := make(writeAt, len(content))
	_, err = client.DownloadObject(ctx, &transfermanager.DownloadObjectInput{Bucket: &bucket, Key: &key, WriterAt: target})
	if err = errors.Join(err, sameBytes(target, content, key)); err != nil {
		return "", err
	}
	got, err := client.GetObject(ctx, &transfermanager.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(got.Body)
	if err = errors.Join(err, sameBytes(body, content, "as a stream")); err != nil {
		return "", err
	}
	return p.inParts(key, 4)
}

func (p *program) transferStream() (string, error) {
	content := data(19*mib+7, 6)
	key := "transfer stream"
	_, err := transfermanager.New(p.client).UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: &bucket, Key: &key, Body: pipe{bytes.NewReader(content)},
	})
	if err != nil {
		return "", err
	}
	detail, err := p.inParts(key, 3)
	return detail, errors.Join(err, p.holds(key, content))
}

// A body that cannot be read twice is sent over TLS alone, with its checksum in a trailer; over plain HTTP the SDK
// wants to hash it first and refuses, unless its caller asks for an unsigned payload.
func (p *program) streamInOneRequest() (string, error) {
	content := data(3*mib+7, 7)
	key := "single stream"
	_, err := p.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: pipe{bytes.NewReader(content)}, ContentLength: aws.Int64(int64(len(content))),
	}, func(options *s3.Options) {
		if strings.HasPrefix(endpoint, "http:") {
			options.APIOptions = append(options.APIOptions, v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)
			options.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		}
	})
	return "", errors.Join(err, p.holds(key, content))
}
