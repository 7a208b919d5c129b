package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
)

const mib = 1024 * 1024

// The cell that the program runs in, told by the environment.
var (
	endpoint = os.Getenv("CELL_ENDPOINT")
	virtual  = os.Getenv("CELL_ADDRESSING") == "virtual"
	// A bucket that is there and empty. Names that begin with it and a hyphen are the program's own.
	bucket = os.Getenv("CELL_BUCKET")
	made   = bucket + "-made"
	absent = bucket + "-absent"
	// A bucket with this many keys, more than one page of a listing.
	manyBucket = os.Getenv("CELL_MANY_BUCKET")
	many, _    = strconv.Atoi(os.Getenv("CELL_MANY"))
)

// Keys that signers, URL parsers and XML writers get wrong, each in its own way.
var oddKeys = []string{
	"a folder/with spaces.txt",
	"plus+and&ampersand=equals",
	"ünïcödé/日本語/🗝",
	"percent%20literal%2F",
	"quote'\"<tag>;semi,colon:at@hash#question?",
	"dots.../~tilde*(star)!",
	"trailing slash/",
}

// transport trusts the authority that CELL_CA names, and no other.
func transport() (*http.Transport, error) {
	made := http.DefaultTransport.(*http.Transport).Clone()
	made.Proxy = nil
	made.MaxIdleConnsPerHost = 16
	file := os.Getenv("CELL_CA")
	if file == "" {
		return made, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", file)
	}
	made.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return made, nil
}

func data(size int, seed uint64) []byte {
	made := make([]byte, size)
	source := rand.NewPCG(seed, 0x5eed)
	for at := 0; at < size; at += 8 {
		number := source.Uint64()
		for index := at; index < min(at+8, size); index++ {
			made[index] = byte(number)
			number >>= 8
		}
	}
	return made
}

func sameBytes(actual, wanted []byte, what string) error {
	if sha256.Sum256(actual) != sha256.Sum256(wanted) {
		return fmt.Errorf("%s: %d bytes that differ from the %d stored", what, len(actual), len(wanted))
	}
	return nil
}

// pipe hides everything of a reader but Read, and gives short reads.
type pipe struct{ io.Reader }

func (p pipe) Read(into []byte) (int, error) {
	return p.Reader.Read(into[:min(len(into), 100_003)])
}

// writeAt is the memory that a parallel download writes into.
type writeAt []byte

func (w writeAt) WriteAt(piece []byte, at int64) (int, error) {
	if at+int64(len(piece)) > int64(len(w)) {
		return 0, errors.New("more bytes than were stored")
	}
	return copy(w[at:], piece), nil
}

type check struct {
	name string
	run  func() (string, error)
}

// report runs the checks in their order, all of them even when one fails, and prints one JSON line for each. With
// `--list` it prints the names of the checks instead.
func report(checks []check) int {
	if slices.Contains(os.Args, "--list") {
		var names []string
		for _, each := range checks {
			names = append(names, each.name)
		}
		line, _ := json.Marshal(names)
		fmt.Println(string(line))
		return 0
	}
	status := 0
	for _, each := range checks {
		started := time.Now()
		detail, err := each.run()
		if err != nil {
			status, detail = 1, fmt.Sprintf("%T: %v", err, err)
		}
		line, _ := json.Marshal(map[string]any{
			"name": each.name, "ok": err == nil, "ms": time.Since(started).Milliseconds(), "detail": detail,
		})
		fmt.Println(string(line))
	}
	return status
}
