package main

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

// settings are what the command line says.
type settings struct {
	addresses      []string
	bucket, prefix string
	operation      string
	size           int
	inFlight       int
	rate           float64
	duration       time.Duration
	warmUp         time.Duration
	count          int
	first, objects int
	group          int
	delimiter      string
	pageSize       int
	expectKeys     int
	expectPrefixes int
	payload        string
	checksum       string
	createBucket   bool
	seed           uint64
	signer         *signer
}

var operations = []string{"put", "get", "head", "delete", "mixed", "list"}

func parse(arguments []string) (*settings, error) {
	var s settings
	var endpoints, listed string
	s.signer = &signer{accessKey: os.Getenv("AWS_ACCESS_KEY_ID"), secretKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	f := flag.NewFlagSet("load-client", flag.ContinueOnError)
	f.StringVar(&endpoints, "endpoints", "", "http://HOST:PORT, several separated by commas: workers are dealt out to them in turn")
	f.StringVar(&s.signer.region, "region", "us-east-1", "region to sign for")
	f.StringVar(&s.bucket, "bucket", "bench", "bucket")
	f.BoolVar(&s.createBucket, "create-bucket", false, "make the bucket first, unless it is there")
	f.StringVar(&s.operation, "op", "", strings.Join(operations, ", ")+" (mixed: 70 % GET, 20 % PUT, 5 % LIST, 5 % DELETE)")
	f.StringVar(&s.prefix, "prefix", "k/", "what every key begins with; for list the prefix that is asked for")
	f.IntVar(&s.size, "size", 4096, "bytes of an object")
	f.IntVar(&s.inFlight, "in-flight", 32, "requests in flight, each on a connection of its own")
	f.Float64Var(&s.rate, "rate", 0, "operations a second that are begun whether or not earlier ones are answered, as long as --in-flight has room; 503 is counted apart then")
	f.DurationVar(&s.duration, "duration", 0, "how long to measure, such as 5s")
	f.DurationVar(&s.warmUp, "warm-up", 0, "how long to run before measuring")
	f.IntVar(&s.count, "count", 0, "how many operations (of list: pages), instead of, or at most within, the duration")
	f.IntVar(&s.first, "first", 0, "number of the first key of put and delete")
	f.IntVar(&s.objects, "objects", 0, "get, head, mixed: choose among keys number 0 to N-1")
	f.IntVar(&s.group, "group", 0, "keys per group: key n is PREFIX gNNNNNN DELIMITER n instead of PREFIX n")
	f.StringVar(&s.delimiter, "delimiter", "/", "delimiter of groups")
	f.StringVar(&listed, "list", "flat", "list: flat, or delimiter")
	f.IntVar(&s.pageSize, "page", 1000, "list: keys of a page; mixed uses a tenth of it")
	f.IntVar(&s.expectKeys, "expect-keys", -1, "list: how many keys a walk from the first to the last page has to show")
	f.IntVar(&s.expectPrefixes, "expect-prefixes", -1, "list: how many common prefixes it has to show")
	f.StringVar(&s.payload, "payload", "signed", "signed: SHA-256 of the body in the signature, as SDKs do on plain HTTP; or unsigned")
	f.StringVar(&s.checksum, "checksum", "none", "put: none, or crc32 (x-amz-checksum-crc32)")
	f.Uint64Var(&s.seed, "seed", 1, "of the choice of keys and of operations")
	f.Usage = func() {
		fmt.Fprintln(f.Output(), "load-client --endpoints URL --op OPERATION …    keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"+
			"load-client null --size N                       a server that does nothing, to find the client's upper bound")
		f.PrintDefaults()
	}
	if err := f.Parse(arguments); err != nil {
		return nil, err
	}
	for _, endpoint := range strings.Split(endpoints, ",") {
		parsed, err := url.Parse(endpoint)
		if err != nil || parsed.Scheme != "http" || parsed.Port() == "" {
			return nil, fmt.Errorf("--endpoints: %q is not http://HOST:PORT", endpoint)
		}
		s.addresses = append(s.addresses, parsed.Host)
	}
	known := false
	for _, operation := range operations {
		known = known || operation == s.operation
	}
	reads := s.operation == "get" || s.operation == "head" || s.operation == "mixed"
	switch {
	case !known:
		return nil, fmt.Errorf("--op: one of %s", strings.Join(operations, ", "))
	case s.signer.accessKey == "" || s.signer.secretKey == "":
		return nil, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
	case s.duration <= 0 && s.count <= 0:
		return nil, errors.New("--duration or --count is needed")
	case s.inFlight < 1 || s.inFlight > 4096 || s.size < 0 || s.size > 1<<30 || s.pageSize < 1 || s.pageSize > 1000:
		return nil, errors.New("--in-flight, --size or --page is out of bounds")
	case s.rate < 0 || s.rate > 1e6 || s.rate > 0 && (s.duration <= 0 || s.count > 0 || s.warmUp > 0):
		return nil, errors.New("--rate goes with --duration alone")
	case reads && s.objects < 1:
		return nil, errors.New("--objects is needed: which keys are there")
	case s.payload != "signed" && s.payload != "unsigned", s.checksum != "none" && s.checksum != "crc32", listed != "flat" && listed != "delimiter":
		return nil, errors.New("--payload is signed or unsigned, --checksum none or crc32, --list flat or delimiter")
	}
	if s.operation == "list" && listed == "flat" {
		s.delimiter = ""
	}
	return &s, nil
}
