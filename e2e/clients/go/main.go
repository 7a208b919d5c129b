// Tries the AWS SDK for Go v2 in one cell: the client, both transfer managers, presigned URLs.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

var ctx = context.Background()

type program struct {
	client *s3.Client
	http   *http.Client
}

func (p *program) connect(who aws.CredentialsProvider) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       os.Getenv("AWS_REGION"),
		UsePathStyle: !virtual,
		Credentials:  who,
		HTTPClient:   p.http,
	})
}

func main() {
	carrier, err := transport()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	p := &program{http: &http.Client{Transport: carrier}}
	p.client = p.connect(credentials.NewStaticCredentialsProvider(
		os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""))
	os.Exit(report([]check{
		{"bucket is made and deleted", p.bucketIsMadeAndDeleted},
		{"small object with metadata", p.smallObject},
		{"empty object", p.emptyObject},
		{"checksums are validated on read", p.checksums},
		{"wrong checksum is refused", p.wrongChecksum},
		{"ranges", p.ranges},
		{"odd keys", p.oddKeys},
		{"copy", p.copy},
		{"conditional writes", p.conditionalWrites},
		{"manager moves many parts", p.managerParts},
		{"manager reads a stream of unknown length", p.managerStream},
		{"transfer manager moves many parts", p.transferParts},
		{"transfer manager reads a stream of unknown length", p.transferStream},
		{"stream of unknown length in one request", p.streamInOneRequest},
		{"listing in pages", p.listing},
		{"deletion in batches", p.deletion},
		{"not found is told by class", p.notFound},
		{"forbidden", p.forbidden},
		{"presigned urls", p.presigned},
	}))
}
