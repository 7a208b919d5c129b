package main

import (
	"math"
	"slices"
	"syscall"
	"time"
)

// tally is what one worker counted. Only what was begun after the warm-up is in it.
type tally struct {
	latencies map[string][]time.Duration
	bytes     int64
	entries   int64
	errors    int
	slowed    []time.Duration // what answers of 503 took, with --rate
	samples   []string
	last      time.Time
}

func newTally() *tally { return &tally{latencies: map[string][]time.Duration{}} }

// fail counts an operation that went wrong; the first few are told.
func (t *tally) fail(operation string, err error) {
	t.errors++
	if len(t.samples) < 3 {
		t.samples = append(t.samples, operation+": "+err.Error())
	}
}

// result is the line that a run prints. Times of requests are in milliseconds, sizes in MiB.
type result struct {
	Operation     string            `json:"operation"`
	InFlight      int               `json:"inFlight"`
	Size          int               `json:"size"`
	Ops           int               `json:"ops"`
	Seconds       float64           `json:"seconds"`
	OpsPerSecond  float64           `json:"opsPerSecond"`
	MiBPerSecond  float64           `json:"mibPerSecond"`
	EntriesPerSec float64           `json:"entriesPerSecond"`
	P50           float64           `json:"p50Ms"`
	P99           float64           `json:"p99Ms"`
	Errors        int               `json:"errors"`
	Samples       []string          `json:"errorSamples"`
	Slowed        int               `json:"slowed,omitempty"` // answers of 503, with --rate
	SlowedP99     float64           `json:"slowedP99Ms,omitempty"`
	ClientCPU     float64           `json:"clientCpuSeconds"`
	ProcessCPU    float64           `json:"processCpuSeconds"` // with what came before measuring: bodies, hashes, warm-up
	NextNumber    int64             `json:"nextNumber"`
	By            map[string]result `json:"byOperation,omitempty"`
}

// quantile of sorted values, by nearest rank; 0 when there is none.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q*float64(len(sorted)))) - 1
	return float64(sorted[min(max(rank, 0), len(sorted)-1)].Microseconds()) / 1000
}

func merge(tallies []*tally, begin time.Time) (merged result, latencies map[string][]time.Duration) {
	latencies = map[string][]time.Duration{}
	end := begin
	var bytes, entries int64
	merged.Samples = []string{}
	for _, t := range tallies {
		for operation, took := range t.latencies {
			latencies[operation] = append(latencies[operation], took...)
		}
		bytes += t.bytes
		entries += t.entries
		merged.Errors += t.errors
		if len(merged.Samples) < 3 {
			merged.Samples = append(merged.Samples, t.samples...)
		}
		if t.last.After(end) {
			end = t.last
		}
	}
	merged.Seconds = end.Sub(begin).Seconds()
	if merged.Seconds > 0 {
		merged.MiBPerSecond = float64(bytes) / (1 << 20) / merged.Seconds
		merged.EntriesPerSec = float64(entries) / merged.Seconds
	}
	return merged, latencies
}

// summarise puts the counts of one kind of operation into a result.
func (r *result) summarise(took []time.Duration) {
	slices.Sort(took)
	r.Ops = len(took)
	r.P50, r.P99 = quantile(took, 0.5), quantile(took, 0.99)
	if r.Seconds > 0 {
		r.OpsPerSecond = float64(r.Ops) / r.Seconds
	}
}

// summariseSlowed counts the answers of 503.
func (r *result) summariseSlowed(tallies []*tally) {
	var took []time.Duration
	for _, t := range tallies {
		took = append(took, t.slowed...)
	}
	slices.Sort(took)
	r.Slowed, r.SlowedP99 = len(took), quantile(took, 0.99)
}

// cpuSeconds that this process has used, user and system.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
