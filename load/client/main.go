// Command load-client puts one kind of load on S3-compatible servers and prints one line of JSON. README.md beside it says how.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"time"
)

func main() {
	arguments := os.Args[1:]
	if len(arguments) > 0 && arguments[0] == "null" {
		exit(serveNull(arguments[1:]))
	}
	s, err := parse(arguments)
	if err == nil {
		err = run(s)
	}
	exit(err)
}

func exit(err error) {
	switch {
	case err == nil:
		os.Exit(0)
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "load-client:", err)
	os.Exit(1)
}

// makeBucket is content with a bucket that is there already.
func makeBucket(s *settings) error {
	c := newConnection(s.addresses[0])
	defer c.close()
	c.head = s.signer.appendHead(nil, "PUT", c.address, "/"+s.bucket, "", emptyHash, 0, nil, time.Now())
	got, err := c.exchange("PUT", nil, nil, true)
	if err == nil && got.status != http.StatusOK && got.status != http.StatusConflict {
		err = refused(got)
	}
	return err
}

func run(s *settings) error {
	if s.createBucket {
		if err := makeBucket(s); err != nil {
			return fmt.Errorf("create bucket: %w", err)
		}
	}
	shared := &work{settings: s, bodies: makeBodies(s.size)}
	shared.next.Store(int64(s.first))
	began := time.Now()
	measured := began.Add(s.warmUp)
	shared.begin = began
	if s.duration > 0 {
		shared.end = measured.Add(s.duration)
	}
	var cpuBefore float64
	var cpuRead sync.WaitGroup
	cpuRead.Add(1)
	go func() {
		defer cpuRead.Done()
		time.Sleep(time.Until(measured))
		cpuBefore = cpuSeconds()
	}()
	tallies := make([]*tally, s.inFlight)
	var workers sync.WaitGroup
	for number := range tallies {
		w := &worker{
			work: shared, number: number, connection: newConnection(s.addresses[number%len(s.addresses)]),
			random: rand.New(rand.NewPCG(s.seed, uint64(number))), tally: newTally(),
		}
		tallies[number] = w.tally
		workers.Add(1)
		go func() {
			defer workers.Done()
			defer w.close()
			w.goOn(measured)
		}()
	}
	workers.Wait()
	cpuRead.Wait()

	r, latencies := merge(tallies, measured)
	r.Operation, r.InFlight, r.Size = s.operation, s.inFlight, s.size
	r.NextNumber = shared.next.Load()
	r.ProcessCPU = cpuSeconds()
	r.ClientCPU = r.ProcessCPU - cpuBefore
	var all []time.Duration
	for operation, took := range latencies {
		all = append(all, took...)
		if s.operation == "mixed" {
			if r.By == nil {
				r.By = map[string]result{}
			}
			part := result{Operation: operation, Seconds: r.Seconds, Samples: []string{}}
			part.summarise(took)
			r.By[operation] = part
		}
	}
	r.summarise(all)
	if s.rate > 0 {
		r.summariseSlowed(tallies)
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// goOn works on until time, count or keys end. A failed operation is counted as an error and not as an operation.
func (w *worker) goOn(measured time.Time) {
	failures := 0
	for {
		began := time.Now()
		if !w.end.IsZero() && !began.Before(w.end) {
			return
		}
		if w.count > 0 && w.started.Add(1) > int64(w.count) {
			return
		}
		if w.rate > 0 {
			// What an operation waited for a free worker counts as the time that it took.
			began = w.begin.Add(time.Duration(float64(w.started.Add(1)-1) / w.rate * float64(time.Second)))
			if !began.Before(w.end) {
				return
			}
			time.Sleep(time.Until(began))
		}
		bytes, entries := w.tally.bytes, w.tally.entries
		operation, err, more := w.step()
		if !more {
			return
		}
		if began.Before(measured) {
			w.tally.bytes, w.tally.entries = bytes, entries
		}
		if w.rate > 0 && errors.Is(err, errSlowDown) {
			w.tally.bytes, w.tally.entries = bytes, entries
			w.tally.slowed = append(w.tally.slowed, time.Since(began))
			continue
		}
		if err != nil {
			w.tally.bytes, w.tally.entries = bytes, entries
			w.tally.fail(operation, err)
			// A server that is gone must not be hammered.
			if failures++; failures > 3 {
				time.Sleep(100 * time.Millisecond)
			}
			continue
		}
		failures = 0
		if !began.Before(measured) {
			w.tally.last = time.Now()
			w.tally.latencies[operation] = append(w.tally.latencies[operation], w.tally.last.Sub(began))
		}
	}
}
