package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// refused fails unless the error is the service's, with this code and status.
func refused(err error, code string, status int) (string, error) {
	var service smithy.APIError
	var answer *awshttp.ResponseError
	switch {
	case err == nil:
		return "", fmt.Errorf("nothing was refused where %s was expected", code)
	case !errors.As(err, &service) || !errors.As(err, &answer):
		return "", fmt.Errorf("not an answer of the service: %w", err)
	case service.ErrorCode() != code || answer.HTTPStatusCode() != status:
		return "", fmt.Errorf("%s with %d where %s with %d was expected: %w",
			service.ErrorCode(), answer.HTTPStatusCode(), code, status, err)
	case answer.ServiceRequestID() == "":
		return "", errors.New("an answer without a request id")
	}
	return fmt.Sprintf("%s: %s", code, service.ErrorMessage()), nil
}

func (p *program) notFound() (string, error) {
	_, err := p.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("absent")})
	if !errors.As(err, new(*types.NoSuchKey)) {
		return "", fmt.Errorf("not a NoSuchKey: %w", err)
	}
	_, err = p.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("absent")})
	if !errors.As(err, new(*types.NotFound)) {
		return "", fmt.Errorf("not a NotFound: %w", err)
	}
	_, err = p.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &absent})
	if !errors.As(err, new(*types.NotFound)) {
		return "", fmt.Errorf("not a NotFound: %w", err)
	}
	_, err = p.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &absent})
	if !errors.As(err, new(*types.NoSuchBucket)) {
		return "", fmt.Errorf("not a NoSuchBucket: %w", err)
	}
	_, err = p.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &bucket, Key: aws.String("k"), UploadId: aws.String(strings.Repeat("a", 40)),
	})
	if !errors.As(err, new(*types.NoSuchUpload)) {
		return "", fmt.Errorf("not a NoSuchUpload: %w", err)
	}
	return "", nil
}

func (p *program) forbidden() (string, error) {
	read := func(who aws.CredentialsProvider) error {
		_, err := p.connect(who).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("small")})
		return err
	}
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	_, anonymous := refused(read(aws.AnonymousCredentials{}), "AccessDenied", 403)
	_, liar := refused(read(credentials.NewStaticCredentialsProvider(id, strings.Repeat("x", 40), "")),
		"SignatureDoesNotMatch", 403)
	_, nobody := refused(read(credentials.NewStaticCredentialsProvider("AKIA0000000000000000", secret, "")),
		"InvalidAccessKeyId", 403)
	return "", errors.Join(anonymous, liar, nobody)
}

// open sends what a presigned URL asks for, with the signed headers and no SDK.
func (p *program) open(method, url string, headers http.Header, content []byte) (int, []byte, error) {
	request, err := http.NewRequest(method, url, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	for name, values := range headers {
		if !strings.EqualFold(name, "host") && !strings.EqualFold(name, "content-length") {
			request.Header[name] = values
		}
	}
	answer, err := p.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}

func (p *program) presigned() (string, error) {
	content := data(50_000, 8)
	key := "presigned + ü"
	signer := s3.NewPresignClient(p.client, s3.WithPresignExpires(5*time.Minute))
	put, err := signer.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", err
	}
	if status, body, err := p.open("PUT", put.URL, put.SignedHeader, content); err != nil || status != 200 {
		return "", fmt.Errorf("PUT: %d %s %v", status, body, err)
	}
	get, err := signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", err
	}
	status, body, err := p.open("GET", get.URL, get.SignedHeader, nil)
	if err != nil || status != 200 {
		return "", fmt.Errorf("GET: %d %s %v", status, body, err)
	}
	if err = sameBytes(body, content, key); err != nil {
		return "", err
	}
	if status, _, err = p.open("DELETE", get.URL, get.SignedHeader, nil); err != nil || status != 403 {
		return "", fmt.Errorf("DELETE by a URL for GET: %d %v", status, err)
	}
	return "", nil
}
