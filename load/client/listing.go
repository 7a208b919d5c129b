package main

import (
	"bytes"
	"html"
)

// page is what the client needs of one answer to ListObjectsV2. The text is searched and not parsed: encoding/xml would
// take longer than some servers need to answer.
type page struct {
	keys, prefixes int
	first, last    string // of keys and prefixes together, in the order of the answer's lists
	ordered        bool
	next           string
}

var (
	keyOpen     = []byte("<Key>")
	keyClose    = []byte("</Key>")
	groupOpen   = []byte("<CommonPrefixes>")
	prefixOpen  = []byte("<Prefix>")
	prefixClose = []byte("</Prefix>")
	tokenOpen   = []byte("<NextContinuationToken>")
	tokenClose  = []byte("</NextContinuationToken>")
)

// between is the text from open to close at or after at, and where it ends; -1 when there is none.
func between(text, open, close []byte, at int) ([]byte, int) {
	start := bytes.Index(text[at:], open)
	if start < 0 {
		return nil, -1
	}
	start += at + len(open)
	length := bytes.Index(text[start:], close)
	if length < 0 {
		return nil, -1
	}
	return text[start : start+length], start + length + len(close)
}

// readPage counts entries and sees whether each list is strictly ascending. Names that the load client writes need no
// escape in XML, so their encoded order is their order.
func readPage(text []byte) page {
	found := page{ordered: true}
	var before []byte
	for at := 0; ; {
		key, end := between(text, keyOpen, keyClose, at)
		if end < 0 {
			break
		}
		if found.keys > 0 && bytes.Compare(before, key) >= 0 {
			found.ordered = false
		}
		if found.keys == 0 {
			found.first = string(key)
		}
		found.keys++
		before, at = key, end
	}
	found.last = string(before)
	var previous []byte
	for at := bytes.Index(text, groupOpen); at >= 0; {
		prefix, end := between(text, prefixOpen, prefixClose, at)
		if end < 0 {
			break
		}
		if found.prefixes > 0 && bytes.Compare(previous, prefix) >= 0 {
			found.ordered = false
		}
		if found.prefixes == 0 && found.keys == 0 {
			found.first = string(prefix)
		}
		found.prefixes++
		previous = prefix
		next := bytes.Index(text[end:], groupOpen)
		if next < 0 {
			break
		}
		at = end + next
	}
	if found.prefixes > 0 && string(previous) > found.last {
		found.last = string(previous)
	}
	if token, end := between(text, tokenOpen, tokenClose, 0); end >= 0 {
		found.next = html.UnescapeString(string(token))
	}
	return found
}
