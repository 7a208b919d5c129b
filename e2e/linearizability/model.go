package main

import "github.com/anishathalye/porcupine"

// register is one key: it holds a value or nothing. An operation without an answer ends after all others, so that taking
// effect then, where nobody sees it, is the same as never having done so.
var register = porcupine.Model{
	Init: func() interface{} { return "" },
	Step: func(state, input, _ interface{}) (bool, interface{}) {
		return step(state.(string), input.(Operation))
	},
}

func step(state string, o Operation) (bool, string) {
	switch o.Kind {
	case "read":
		return state == o.Value, state
	case "not":
		return state != o.Value, state
	case "write":
		return true, o.Value
	case "create":
		return conditional(state, "", o)
	case "replace":
		return conditional(state, o.Expect, o)
	}
	panic("no kind of operation: " + o.Kind)
}

// One that was acknowledged met its condition; of one without an answer that is open.
func conditional(state, wanted string, o Operation) (bool, string) {
	if state == wanted {
		return true, o.Value
	}
	return o.unknown(), state
}
