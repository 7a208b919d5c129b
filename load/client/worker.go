package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// work is what all workers of a run share.
type work struct {
	*settings
	bodies  []body
	next    atomic.Int64 // numbers of keys given out, by put and delete
	started atomic.Int64 // operations begun, for --count
	begin   time.Time
	end     time.Time // zero: no end by time
}

// worker sends one request after the other on its own connection.
type worker struct {
	*work
	number int
	*connection
	random *rand.Rand
	tally  *tally
	walk   walk
	own    []int // mixed: numbers of keys that this worker wrote and has not deleted
	made   int
}

// walk is a listing that is under way.
type walk struct {
	token          string
	last           string
	keys, prefixes int
}

func (w *worker) key(number int) string {
	digits := fmt.Sprintf("%010d", number)
	if w.group > 0 {
		return fmt.Sprintf("%sg%06d%s%s", w.prefix, number/w.group, w.delimiter, digits)
	}
	return w.prefix + digits
}

// put of a key number writes the body that belongs to it.
func (w *worker) put(key string, content *body) error {
	payload := content.sha256
	if w.payload == "unsigned" {
		payload = unsignedPayload
	}
	var extra []header
	if w.checksum == "crc32" {
		extra = []header{{"x-amz-checksum-crc32", content.crc32}}
	}
	w.sign("PUT", key, "", payload, len(content.bytes), extra)
	got, err := w.exchange("PUT", content.bytes, nil, false)
	if err == nil && got.status != http.StatusOK {
		err = refused(got)
	}
	w.tally.bytes += int64(len(content.bytes))
	return err
}

func (w *worker) get(key string, content *body) error {
	w.sign("GET", key, "", emptyHash, 0, nil)
	got, err := w.exchange("GET", nil, content.bytes, false)
	if err == nil && got.status != http.StatusOK {
		err = refused(got)
	}
	w.tally.bytes += int64(len(content.bytes))
	return err
}

func (w *worker) headObject(key string) error {
	w.sign("HEAD", key, "", emptyHash, 0, nil)
	got, err := w.exchange("HEAD", nil, nil, false)
	if err == nil && (got.status != http.StatusOK || got.length != int64(w.size)) {
		err = refused(got)
	}
	return err
}

func (w *worker) delete(key string) error {
	w.sign("DELETE", key, "", emptyHash, 0, nil)
	got, err := w.exchange("DELETE", nil, nil, false)
	if err == nil && got.status != http.StatusNoContent {
		err = refused(got)
	}
	return err
}

// list reads the next page of this worker's walk through the listing, and begins again after the last.
func (w *worker) list(pageSize int, whole bool) error {
	query := ""
	if w.walk.token != "" {
		query = "continuation-token=" + encode(w.walk.token, false) + "&"
	}
	if w.operation == "list" && w.delimiter != "" {
		query += "delimiter=" + encode(w.delimiter, false) + "&"
	}
	query += "list-type=2&max-keys=" + strconv.Itoa(pageSize) + "&prefix=" + encode(w.prefix, false)
	w.sign("GET", "", query, emptyHash, 0, nil)
	got, err := w.exchange("GET", nil, nil, true)
	if err != nil || got.status != http.StatusOK {
		w.walk = walk{}
		if err == nil {
			err = refused(got)
		}
		return err
	}
	read := readPage(got.text)
	before := w.walk
	w.tally.entries += int64(read.keys + read.prefixes)
	w.walk = walk{read.next, read.last, before.keys + read.keys, before.prefixes + read.prefixes}
	if !read.ordered || before.token != "" && read.first <= before.last {
		w.walk = walk{}
		return fmt.Errorf("a page is out of order at %q after %q", read.first, before.last)
	}
	if read.next == "" || !whole {
		done := w.walk
		w.walk = walk{}
		if whole && (w.expectKeys >= 0 && done.keys != w.expectKeys || w.expectPrefixes >= 0 && done.prefixes != w.expectPrefixes) {
			return fmt.Errorf("a walk showed %d keys and %d prefixes, not %d and %d", done.keys, done.prefixes, w.expectKeys, w.expectPrefixes)
		}
	}
	return nil
}

func (w *worker) sign(method, key, query, payload string, length int, extra []header) {
	path := "/" + w.bucket
	if key != "" {
		path += "/" + encode(key, true)
	}
	w.head = w.signer.appendHead(w.head[:0], method, w.address, path, query, payload, length, extra, time.Now())
}

// errSlowDown is the answer of a server that has too much to do.
var errSlowDown = errors.New("status 503")

// refused tells an unexpected answer: its status and the begin of its text.
func refused(got answer) error {
	if got.status == http.StatusServiceUnavailable {
		return fmt.Errorf("%w: %s", errSlowDown, got.text)
	}
	text := got.text
	if len(text) > 300 {
		text = text[:300]
	}
	return fmt.Errorf("status %d, length %d: %s", got.status, got.length, text)
}

// step does one operation; false when there are no more keys to go on with.
func (w *worker) step() (operation string, err error, more bool) {
	operation = w.operation
	switch operation {
	case "mixed":
		operation, err = w.mixed()
	case "list":
		err = w.list(w.pageSize, true)
	case "get", "head":
		number := w.random.IntN(w.objects)
		if operation == "head" {
			err = w.headObject(w.key(number))
		} else {
			err = w.get(w.key(number), &w.bodies[number%len(w.bodies)])
		}
	default:
		number := int(w.next.Add(1) - 1)
		if w.operation == "put" {
			err = w.put(w.key(number), &w.bodies[number%len(w.bodies)])
		} else if w.objects > 0 && number >= w.first+w.objects {
			w.next.Add(-1)
			return operation, nil, false
		} else {
			err = w.delete(w.key(number))
		}
	}
	return operation, err, true
}

// mixed reads the keys that were there before, and deletes only what it wrote itself: a GET always finds its object.
func (w *worker) mixed() (string, error) {
	choice := w.random.IntN(100)
	switch {
	case choice < 70:
		number := w.random.IntN(w.objects)
		return "get", w.get(w.key(number), &w.bodies[number%len(w.bodies)])
	case choice < 75:
		return "list", w.list(max(1, w.pageSize/10), false)
	case choice < 80 && len(w.own) > 0:
		number := w.own[0]
		w.own = w.own[1:]
		return "delete", w.delete(w.ownKey(number))
	default:
		number := w.made
		w.made++
		err := w.put(w.ownKey(number), &w.bodies[number%len(w.bodies)])
		if err == nil {
			w.own = append(w.own, number)
		}
		return "put", err
	}
}

// ownKey is no key of another worker and no key of another run.
func (w *worker) ownKey(number int) string {
	return fmt.Sprintf("%smixed-%d-%d/%010d", w.prefix, w.seed, w.number, number)
}
