package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// serveNull answers as a store of infinite speed would: it checks nothing and keeps nothing. A GET brings the body that
// belongs to the key's number, so that the client has to compare as it does otherwise.
func serveNull(arguments []string) error {
	f := flag.NewFlagSet("load-client null", flag.ContinueOnError)
	listen := f.String("listen", "127.0.0.1:0", "address")
	size := f.Int("size", 4096, "bytes of an object")
	if err := f.Parse(arguments); err != nil {
		return err
	}
	bodies := makeBodies(*size)
	buffers := sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}
	var text strings.Builder
	text.WriteString("<ListBucketResult>")
	for number := range 1000 {
		fmt.Fprintf(&text, "<Contents><Key>k/%010d</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>%d</Size></Contents>", number, *size)
	}
	text.WriteString("</ListBucketResult>")
	listing := []byte(text.String())

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		switch {
		case r.Method == http.MethodPut:
			buffer := buffers.Get().(*[]byte)
			_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r.Body, *buffer)
			buffers.Put(buffer)
			header["Etag"] = []string{`"00000000000000000000000000000000"`}
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		case r.Method == http.MethodHead:
			header.Set("Content-Length", strconv.Itoa(*size))
		case strings.Contains(r.URL.RawQuery, "list-type=2"):
			_, _ = w.Write(listing)
		default:
			path := r.URL.Path
			number, err := strconv.Atoi(path[max(0, len(path)-10):])
			if err != nil {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			header.Set("Content-Length", strconv.Itoa(*size))
			_, _ = w.Write(bodies[number%len(bodies)].bytes)
		}
	})
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	return server.Serve(listener)
}
