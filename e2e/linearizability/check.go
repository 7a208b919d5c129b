package main

import (
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// Violation tells the least that contradicts itself: the first answer that no order explains, and what came before it.
type Violation struct {
	Key     string      `json:"key"`
	Verdict string      `json:"verdict"`
	Answer  *Operation  `json:"answer,omitempty"`
	Around  []Operation `json:"around,omitempty"`
}

const (
	illegal   = "not linearizable"
	undecided = "not decided in time"
	// What is shown of the operations before the one that contradicts them.
	shown = 14
)

func events(history []Operation) []porcupine.Operation {
	all := make([]porcupine.Operation, len(history))
	for i, o := range history {
		all[i] = porcupine.Operation{ClientId: i, Input: o, Call: o.Start, Return: o.end()}
	}
	return all
}

func check(history []Operation, limit time.Duration) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(register, events(bounded(history)), limit)
}

// checkKey gives nothing when some order explains the history of one key.
func checkKey(key string, history []Operation, limit time.Duration) *Violation {
	switch check(history, limit) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return &Violation{Key: key, Verdict: undecided}
	}
	byEnd := append([]Operation(nil), history...)
	sort.SliceStable(byEnd, func(a, b int) bool { return byEnd[a].end() < byEnd[b].end() })
	// What had been answered by some moment, and what was under way then, is a history too.
	until := func(n int) []Operation {
		part := append([]Operation(nil), byEnd[:n]...)
		for _, o := range byEnd[n:] {
			if o.Start < byEnd[n-1].end() && o.Kind != "read" && o.Kind != "not" {
				o.End = nil
				part = append(part, o)
			}
		}
		return part
	}
	first := 1 + sort.Search(len(byEnd)-1, func(n int) bool { return check(until(n+1), limit) == porcupine.Illegal })
	answer := byEnd[first-1]
	part := until(first)
	sort.SliceStable(part, func(a, b int) bool { return part[a].Start < part[b].Start })
	return &Violation{Key: key, Verdict: illegal, Answer: &answer, Around: part[max(0, len(part)-shown):]}
}
