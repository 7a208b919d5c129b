package main

import "math"

// bounded says of operations without an answer what follows from the others, so that the search need not try everything:
// one whose value was seen took effect before that was answered; one whose value nobody saw may as well not have
// happened, unless it explains that somebody met "something else".
func bounded(history []Operation) []Operation {
	writers, seen, others := map[string]int{}, map[string]int64{}, int64(-1)
	see := func(value string, end int64) {
		if first, known := seen[value]; !known || end < first {
			seen[value] = end
		}
	}
	for _, o := range history {
		if o.Kind == "write" || o.Kind == "create" || o.Kind == "replace" {
			writers[o.Value]++
		}
		switch {
		case o.Kind == "read":
			see(o.Value, o.end())
		case o.Kind == "create" && !o.unknown():
			see("", o.end())
		case o.Kind == "replace":
			see(o.Expect, o.end())
		case o.Kind == "not":
			others = max(others, o.end())
		}
	}
	kept := make([]Operation, 0, len(history))
	for _, o := range history {
		if o.unknown() && o.Value != "" {
			first, known := seen[o.Value]
			if !known && others < o.Start {
				continue
			}
			if known && writers[o.Value] == 1 && first >= o.Start && first < math.MaxInt64 {
				o.End = &first
			}
		}
		kept = append(kept, o)
	}
	return kept
}
