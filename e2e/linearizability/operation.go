package main

import "math"

// Operation is what one client asked of one key, and what it came to. A value is the name of a content; "" is none.
type Operation struct {
	Key    string `json:"key"`
	Client int    `json:"client"`
	// read: the key held Value. not: it held something else than Value. write: Value was put there, whatever was there.
	// create: the same, had there been nothing. replace: the same, had there been Expect.
	Kind   string `json:"kind"`
	Value  string `json:"value"`
	Expect string `json:"expect,omitempty"`
	// Microseconds. No End: nobody knows whether it took effect, and if so it may have been at any time after Start.
	Start int64  `json:"start"`
	End   *int64 `json:"end"`
	// For whoever reads a report.
	What string `json:"what"`
}

func (o Operation) unknown() bool { return o.End == nil }

func (o Operation) end() int64 {
	if o.unknown() {
		return math.MaxInt64
	}
	return *o.End
}
