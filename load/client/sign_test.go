package main

import (
	"strings"
	"testing"
	"time"
)

// The example "GET Bucket Lifecycle" of Amazon's page on Signature Version 4 with the Authorization header.
func TestSignsAsTheDocumentedExample(t *testing.T) {
	s := &signer{accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1"}
	when := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	head := string(s.appendHead(nil, "GET", "examplebucket.s3.amazonaws.com", "/", "lifecycle=", emptyHash, 0, nil, when))
	want := "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
	if !strings.Contains(head, want) {
		t.Fatalf("no %s in\n%s", want, head)
	}
	if !strings.HasPrefix(head, "GET /?lifecycle= HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n") {
		t.Fatalf("the head is\n%s", head)
	}
}

func TestEncodes(t *testing.T) {
	if got := encode("a b/ü~", true); got != "a%20b/%C3%BC~" {
		t.Fatal(got)
	}
	if got := encode("a/b", false); got != "a%2Fb" {
		t.Fatal(got)
	}
}
