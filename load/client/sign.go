package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"time"
)

// unsignedPayload in place of a hash says that the body is not part of the signature.
const unsignedPayload = "UNSIGNED-PAYLOAD"

// emptyHash is the SHA-256 of nothing: the payload of every request without a body.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// signer makes Signature Version 4 headers. The key derived for a day is kept, so a request costs one HMAC and two hashes.
type signer struct {
	accessKey, secretKey, region string

	mu  sync.Mutex
	day string
	key []byte
}

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

func (s *signer) keyOf(day string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day != day {
		s.day = day
		s.key = mac(mac(mac(mac([]byte("AWS4"+s.secretKey), day), s.region), "s3"), "aws4_request")
	}
	return s.key
}

// header is one more header that is sent and signed.
type header struct{ name, value string }

// appendHead appends the signed head of a request, with the empty line at its end.
// path is already encoded, query is already encoded and sorted, payload is a hash or unsignedPayload,
// extra holds lower-case names that sort between "host" and "x-amz-content-sha256".
func (s *signer) appendHead(head []byte, method, host, path, query, payload string, length int, extra []header, now time.Time) []byte {
	stamp := now.UTC().Format("20060102T150405Z")
	day := stamp[:8]

	canonical := make([]byte, 0, 512)
	names := "host"
	canonical = append(canonical, method...)
	canonical = append(canonical, '\n')
	canonical = append(canonical, path...)
	canonical = append(canonical, '\n')
	canonical = append(canonical, query...)
	canonical = append(canonical, "\nhost:"...)
	canonical = append(canonical, host...)
	for _, h := range extra {
		canonical = append(canonical, '\n')
		canonical = append(canonical, h.name...)
		canonical = append(canonical, ':')
		canonical = append(canonical, h.value...)
		names += ";" + h.name
	}
	names += ";x-amz-content-sha256;x-amz-date"
	canonical = append(canonical, "\nx-amz-content-sha256:"...)
	canonical = append(canonical, payload...)
	canonical = append(canonical, "\nx-amz-date:"...)
	canonical = append(canonical, stamp...)
	canonical = append(canonical, "\n\n"...)
	canonical = append(canonical, names...)
	canonical = append(canonical, '\n')
	canonical = append(canonical, payload...)

	digest := sha256.Sum256(canonical)
	scope := day + "/" + s.region + "/s3/aws4_request"
	signature := mac(s.keyOf(day), "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hex.EncodeToString(digest[:]))

	head = append(head, method...)
	head = append(head, ' ')
	head = append(head, path...)
	if query != "" {
		head = append(head, '?')
		head = append(head, query...)
	}
	head = append(head, " HTTP/1.1\r\nHost: "...)
	head = append(head, host...)
	for _, h := range extra {
		head = append(head, "\r\n"...)
		head = append(head, h.name...)
		head = append(head, ": "...)
		head = append(head, h.value...)
	}
	head = append(head, "\r\nX-Amz-Content-Sha256: "...)
	head = append(head, payload...)
	head = append(head, "\r\nX-Amz-Date: "...)
	head = append(head, stamp...)
	head = append(head, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential="...)
	head = append(head, s.accessKey...)
	head = append(head, '/')
	head = append(head, scope...)
	head = append(head, ", SignedHeaders="...)
	head = append(head, names...)
	head = append(head, ", Signature="...)
	head = hex.AppendEncode(head, signature)
	if method == "PUT" {
		head = append(head, "\r\nContent-Length: "...)
		head = appendInt(head, length)
	}
	return append(head, "\r\n\r\n"...)
}

const hexUpper = "0123456789ABCDEF"

// encode percent-encodes as Signature Version 4 wants it; a slash stays in a path and not in a query.
func encode(value string, keepSlash bool) string {
	var out strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && keepSlash:
			out.WriteByte(c)
		default:
			out.WriteByte('%')
			out.WriteByte(hexUpper[c>>4])
			out.WriteByte(hexUpper[c&15])
		}
	}
	return out.String()
}
