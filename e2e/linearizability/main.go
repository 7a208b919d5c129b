// Command linearizability reads operations, one JSON object a line, and tells for which keys no order of them explains
// the answers. Each key is a register of its own. It prints one JSON object: keys, operations, violations.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"time"
)

// Result is what is printed.
type Result struct {
	Keys       int         `json:"keys"`
	Operations int         `json:"operations"`
	Unknown    int         `json:"unknown"`
	Violations []Violation `json:"violations"`
}

func read(from io.Reader) (map[string][]Operation, error) {
	histories := map[string][]Operation{}
	decoder := json.NewDecoder(bufio.NewReaderSize(from, 1<<20))
	for {
		var o Operation
		if err := decoder.Decode(&o); err == io.EOF {
			return histories, nil
		} else if err != nil {
			return nil, err
		}
		switch o.Kind {
		case "read", "not", "write", "create", "replace":
		default:
			return nil, fmt.Errorf("no kind of operation: %q", o.Kind)
		}
		if o.End != nil && *o.End < o.Start {
			return nil, fmt.Errorf("ends before it starts: %v", o)
		}
		histories[o.Key] = append(histories[o.Key], o)
	}
}

func run(from io.Reader, limit time.Duration) (Result, error) {
	histories, err := read(from)
	result := Result{Keys: len(histories), Violations: []Violation{}}
	keys := make([]string, 0, len(histories))
	for key, history := range histories {
		keys = append(keys, key)
		result.Operations += len(history)
		for _, o := range history {
			if o.unknown() {
				result.Unknown++
			}
		}
	}
	sort.Strings(keys)
	for _, key := range keys {
		if violation := checkKey(key, histories[key], limit); violation != nil {
			result.Violations = append(result.Violations, *violation)
		}
	}
	return result, err
}

func main() {
	limit := flag.Duration("limit", time.Minute, "longest search for the order of one key")
	flag.Parse()
	result, err := run(os.Stdin, *limit)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	json.NewEncoder(os.Stdout).Encode(result)
}
