package main

import (
	"math/rand"
	"strconv"
	"strings"
	"testing"
	"time"
)

func done(kind, value string, start, end int64) Operation {
	return Operation{Key: "k", Kind: kind, Value: value, Start: start, End: &end}
}

func replaced(expect, value string, start, end int64) Operation {
	o := done("replace", value, start, end)
	o.Expect = expect
	return o
}

func open(kind, value string, start int64) Operation {
	return Operation{Key: "k", Kind: kind, Value: value, Start: start}
}

func TestPlantedHistories(t *testing.T) {
	for _, test := range []struct {
		name    string
		history []Operation
		good    bool
	}{
		{"nothing was written, nothing is read", []Operation{done("read", "", 0, 1)}, true},
		{"what was written is read", []Operation{done("write", "a", 0, 1), done("read", "a", 2, 3)}, true},
		{"a lost write", []Operation{done("write", "a", 0, 1), done("read", "", 2, 3)}, false},
		{"a stale read", []Operation{done("write", "a", 0, 1), done("write", "b", 2, 3), done("read", "a", 4, 5)}, false},
		{"a read beside a write may see either", []Operation{
			done("write", "a", 0, 1), done("write", "b", 2, 9), done("read", "a", 3, 4), done("read", "b", 5, 6)}, true},
		{"but not the old after the new", []Operation{
			done("write", "a", 0, 1), done("write", "b", 2, 9), done("read", "b", 3, 4), done("read", "a", 5, 6)}, false},
		{"a value that nobody wrote", []Operation{done("write", "a", 0, 1), done("read", "x", 2, 3)}, false},
		{"deleted and still read", []Operation{done("write", "a", 0, 1), done("write", "", 2, 3), done("read", "a", 4, 5)}, false},
		{"a write without an answer took effect late", []Operation{
			open("write", "a", 0), done("read", "", 1, 2), done("read", "a", 3, 4)}, true},
		{"or never", []Operation{open("write", "a", 0), done("read", "", 1, 2), done("read", "", 3, 4)}, true},
		{"or before a later one", []Operation{open("write", "a", 0), done("write", "b", 1, 2), done("read", "b", 3, 4)}, true},
		{"but not twice", []Operation{
			open("write", "a", 0), done("read", "a", 1, 2), done("write", "", 3, 4), done("read", "a", 5, 6)}, false},
		{"nor before it began", []Operation{done("read", "a", 0, 1), open("write", "a", 2)}, false},
		{"one of two makers wins", []Operation{done("create", "a", 0, 5), done("not", "", 1, 6), done("read", "a", 7, 8)}, true},
		{"both win", []Operation{done("create", "a", 0, 5), done("create", "b", 1, 6)}, false},
		{"made where something was", []Operation{done("write", "a", 0, 1), done("create", "b", 2, 3)}, false},
		{"refused, although nothing was there", []Operation{done("not", "", 0, 1)}, false},
		{"a maker without an answer changes nothing that is there", []Operation{
			done("write", "a", 0, 1), open("create", "b", 2), done("read", "b", 3, 4)}, false},
		{"a maker without an answer explains a refusal", []Operation{open("create", "b", 0), done("not", "", 1, 2)}, true},
		{"replaced what was expected", []Operation{
			done("write", "a", 0, 1), replaced("a", "b", 2, 3), done("read", "b", 4, 5)}, true},
		{"what nobody saw may explain a refusal", []Operation{
			done("write", "a", 0, 1), open("write", "b", 2), done("not", "a", 3, 4)}, true},
		{"unless it began later", []Operation{
			done("write", "a", 0, 1), done("not", "a", 2, 3), open("write", "b", 4)}, false},
		{"one without an answer that only another such one expects", []Operation{
			done("write", "a", 0, 1), open("create", "b", 2), func() Operation {
				o := open("replace", "c", 3)
				o.Expect = "b"
				return o
			}(), done("read", "a", 4, 5)}, true},
		{"two that wrote the same", []Operation{
			open("write", "a", 0), done("write", "", 1, 2), open("write", "a", 3), done("read", "a", 4, 5),
			done("write", "", 6, 7), done("read", "a", 8, 9)}, true},
		{"a lost update", []Operation{done("write", "a", 0, 1), replaced("a", "b", 2, 6), replaced("a", "c", 3, 7)}, false},
	} {
		violation := checkKey("k", test.history, time.Second)
		if (violation == nil) != test.good {
			t.Errorf("%s: %+v", test.name, violation)
		}
	}
}

// An honest register: every operation takes effect at a moment between its start and its end, or, without an answer,
// perhaps never. Then one read is turned into a lie.
func TestGeneratedHistories(t *testing.T) {
	for seed := int64(0); seed < 200; seed++ {
		random := rand.New(rand.NewSource(seed))
		var history []Operation
		free := make([]int64, 6)
		state, values := "", 0
		for moment := int64(100); moment < 2_000; moment += 10 {
			client := random.Intn(len(free))
			if free[client] >= moment {
				continue
			}
			start := max(free[client]+1, moment-int64(random.Intn(60)))
			end := moment + int64(random.Intn(60))
			free[client] = end
			values++
			value := strconv.Itoa(values)
			switch random.Intn(5) {
			case 0:
				history, state = append(history, done("write", value, start, end)), value
			case 1:
				history, state = append(history, done("write", "", start, end)), ""
			case 2:
				// Every fourth operation without an answer is a removal, of which nothing follows.
				if random.Intn(4) == 0 {
					value = ""
				}
				if random.Intn(3) == 0 {
					history = append(history, open("write", value, start))
					if random.Intn(2) == 0 {
						state = value
					}
				}
			default:
				history = append(history, done("read", state, start, end))
			}
		}
		if violation := checkKey("k", history, 10*time.Second); violation != nil {
			t.Fatalf("seed %d: an honest history is refused: %+v", seed, violation)
		}
		at := random.Intn(len(history))
		for history[at].Kind != "read" {
			at = random.Intn(len(history))
		}
		history[at].Value = "nobody wrote this"
		violation := checkKey("k", history, 10*time.Second)
		if violation == nil || violation.Answer == nil || violation.Answer.Value != history[at].Value {
			t.Fatalf("seed %d: a lie is not found: %+v", seed, violation)
		}
	}
}

func TestKeysAreApart(t *testing.T) {
	lines := `{"key":"a","kind":"write","value":"1","start":0,"end":1}
{"key":"b","kind":"read","value":"","start":2,"end":3}
{"key":"c","kind":"read","value":"1","start":2,"end":3}
{"key":"c","kind":"write","value":"1","start":4}`
	result, err := run(strings.NewReader(lines), time.Second)
	if err != nil || result.Keys != 3 || result.Operations != 4 || result.Unknown != 1 {
		t.Fatalf("%+v %v", result, err)
	}
	if len(result.Violations) != 1 || result.Violations[0].Key != "c" {
		t.Fatalf("%+v", result.Violations)
	}
	for _, wrong := range []string{`{"kind":"guess"}`, `{"kind":"read","start":2,"end":1}`, `{`} {
		if _, err := run(strings.NewReader(wrong), time.Second); err == nil {
			t.Errorf("taken: %s", wrong)
		}
	}
}
