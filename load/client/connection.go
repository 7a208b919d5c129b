package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// connection is one kept-alive connection that one worker alone uses. The head is written from a buffer of its own and
// the body from where it lies: net/http's client would pay for two more goroutines and their hand-over on each request.
type connection struct {
	address string
	socket  net.Conn
	reader  *bufio.Reader
	head    []byte
	buffer  []byte
	text    bytes.Buffer
}

// limit is how long one request may take before it counts as failed.
const limit = 60 * time.Second

func newConnection(address string) *connection {
	return &connection{address: address, buffer: make([]byte, 256<<10)}
}

func (c *connection) open() error {
	if c.socket != nil {
		return nil
	}
	socket, err := net.DialTimeout("tcp", c.address, 5*time.Second)
	if err != nil {
		return err
	}
	c.socket = socket
	c.reader = bufio.NewReaderSize(socket, 16<<10)
	return nil
}

func (c *connection) close() {
	if c.socket != nil {
		_ = c.socket.Close()
		c.socket = nil
	}
}

// request is what http.ReadResponse wants to know of what was asked.
var requests = map[string]*http.Request{
	"GET": {Method: "GET"}, "PUT": {Method: "PUT"}, "HEAD": {Method: "HEAD"}, "DELETE": {Method: "DELETE"},
}

// answer is what an exchange brought; text is set when the caller wanted the body kept, or when the status was an error.
type answer struct {
	status int
	length int64
	text   []byte
}

// exchange sends c.head and payload, and reads the whole answer. A body that has to equal expected is compared as it comes.
// With keep it is held in the connection's buffer until the next exchange. It returns when the first byte came.
func (c *connection) exchange(method string, payload, expected []byte, keep bool) (got answer, err error) {
	if err = c.open(); err != nil {
		return got, err
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err = c.socket.SetDeadline(time.Now().Add(limit)); err != nil {
		return got, err
	}
	if len(payload) > 0 && len(payload) <= 64<<10 {
		// One segment train for a small request, as every client sends it.
		c.head = append(c.head, payload...)
		payload = nil
	}
	if _, err = c.socket.Write(c.head); err != nil {
		return got, fmt.Errorf("write: %w", err)
	}
	if len(payload) > 0 {
		if _, err = c.socket.Write(payload); err != nil {
			return got, fmt.Errorf("write: %w", err)
		}
	}
	response, err := http.ReadResponse(c.reader, requests[method])
	if err != nil {
		return got, fmt.Errorf("read: %w", err)
	}
	got.status = response.StatusCode
	got.length = response.ContentLength
	switch {
	case keep || got.status >= 300:
		c.text.Reset()
		if _, err = c.text.ReadFrom(io.LimitReader(response.Body, 64<<20)); err == nil {
			got.text = c.text.Bytes()
		}
	case expected != nil:
		err = c.compare(response.Body, expected)
	default:
		_, err = io.CopyBuffer(io.Discard, response.Body, c.buffer)
	}
	if err == nil && response.Close {
		c.close()
	}
	return got, err
}

var errDiffers = errors.New("the bytes read are not those written")

// compare reads a body to its end and holds it against what was written.
func (c *connection) compare(from io.Reader, expected []byte) error {
	at := 0
	for {
		n, err := from.Read(c.buffer)
		if at+n > len(expected) || !bytes.Equal(c.buffer[:n], expected[at:at+n]) {
			return errDiffers
		}
		at += n
		if err == io.EOF {
			if at != len(expected) {
				return errDiffers
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
}
