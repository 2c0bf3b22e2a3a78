// Says of histories whether they are linearizable. Standard input: a JSON list of histories, {"key", "kind",
// "operations"}; kind is "alias" (a register that is written and read) or "versions" (numbers that grow). An operation
// has "client", "kind" ("write", "read", "next"), "value", "answer", "began" and "ended", in nanoseconds; "ended" is 0
// where nobody was told. Standard output: a JSON list of {"key", "verdict"}, each ok, illegal or unknown.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
)

type operation struct {
	Client int    `json:"client"`
	Kind   string `json:"kind"`
	Value  string `json:"value"`
	Answer string `json:"answer"`
	Began  int64  `json:"began"`
	Ended  int64  `json:"ended"`
}

type history struct {
	Key        string      `json:"key"`
	Kind       string      `json:"kind"`
	Operations []operation `json:"operations"`
}

type verdict struct {
	Key     string `json:"key"`
	Verdict string `json:"verdict"`
}

// What an operation brought back; told is false where no answer came.
type outcome struct {
	answer string
	told   bool
}

const patience = 20 * time.Second

// What is kept of a check grows with the square of a history: this many operations take 300 MB.
const longest = 50000

var alias = porcupine.Model{
	Init: func() interface{} { return "" },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		asked, met := input.(operation), output.(outcome)
		if asked.Kind == "write" {
			return true, asked.Value
		}
		return !met.told || met.answer == state.(string), state
	},
}

// A number that was given is above all that were given before it; one that nobody was told of takes some number or none.
var versions = porcupine.Model{
	Init: func() interface{} { return 0 },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		met := output.(outcome)
		if !met.told {
			return true, state
		}
		number, problem := strconv.Atoi(met.answer)
		if problem != nil || number <= state.(int) {
			return false, state
		}
		return true, number
	},
}

func check(one history) string {
	var operations []porcupine.Operation
	for _, each := range one.Operations {
		met, ended := outcome{each.Answer, each.Ended != 0}, each.Ended
		if ended == 0 {
			ended = math.MaxInt64
		}
		operations = append(operations, porcupine.Operation{
			ClientId: each.Client, Input: each, Call: each.Began, Output: met, Return: ended,
		})
	}
	if len(operations) > longest {
		return "unknown"
	}
	model := alias
	if one.Kind == "versions" {
		model = versions
	}
	switch porcupine.CheckOperationsTimeout(model, operations, patience) {
	case porcupine.Ok:
		return "ok"
	case porcupine.Illegal:
		return "illegal"
	default:
		return "unknown"
	}
}

func main() {
	var given []history
	if problem := json.NewDecoder(os.Stdin).Decode(&given); problem != nil {
		fmt.Fprintln(os.Stderr, "the histories cannot be read:", problem)
		os.Exit(1)
	}
	told := []verdict{}
	for _, one := range given {
		told = append(told, verdict{one.Key, check(one)})
	}
	if problem := json.NewEncoder(os.Stdout).Encode(told); problem != nil {
		os.Exit(1)
	}
}
