// Package probing is how a probe is asked and answers: one JSON object in, one out.
package probing

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Failure is what an SDK shows its user of an error; nil where it shows nothing.
type Failure struct {
	Class     string  `json:"class"`
	Status    *int    `json:"status"`
	Code      *string `json:"code"`
	Message   string  `json:"message"`
	RequestID *string `json:"request_id"`
}

type told struct {
	OK     bool     `json:"ok"`
	Result any      `json:"result,omitempty"`
	Error  *Failure `json:"error,omitempty"`
}

// Answer makes the call that standard input asks for, and prints what its SDK returned or how it failed. A request that
// the probe does not understand ends it, since that is no answer of the SDK.
func Answer[Request any](call func(Request) (any, error), explain func(error) Failure) {
	var request Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		fail(err)
	}
	answer := told{OK: true}
	result, err := call(request)
	if errors.Is(err, ErrRequest) {
		fail(err)
	} else if err != nil {
		failure := explain(err)
		answer = told{Error: &failure}
	} else {
		answer.Result = result
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fail(err)
	}
}

// ErrRequest says that the probe was asked for what it cannot do.
var ErrRequest = errors.New("the probe cannot do this")

// Shown returns a value of an error, or nil if the SDK left it empty.
func Shown[T comparable](value T) *T {
	var empty T
	if value == empty {
		return nil
	}
	return &value
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
