// Package fault says what is wrong with a list, in words for the person who wrote it.
package fault

import (
	"errors"
	"fmt"
	"strings"

	"receiptrevoker/tasks"
)

// MaxText is how many runes of an offending text are shown.
const MaxText = 60

// invalid is what is wrong with an imp_uid. It matches [tasks.ErrInvalid] without its prefix,
// which says nothing to those who wrote the list.
type invalid string

func (e invalid) Error() string { return string(e) }

func (invalid) Is(target error) bool { return target == tasks.ErrInvalid }

// Invalid returns an error that says what is wrong with an imp_uid, and matches [tasks.ErrInvalid].
func Invalid(format string, args ...any) error { return invalid(fmt.Sprintf(format, args...)) }

// Cut shortens text to at most MaxText runes.
func Cut(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if runes := []rune(text); len(runes) > MaxText {
		return string(runes[:MaxText-1]) + "…"
	}
	return text
}

// ErrEmpty says that a list holds nothing but blanks and separators.
var ErrEmpty = errors.New("the list is empty")

// ErrBroken is matched by each brokenError.
var ErrBroken = errors.New("the list is broken")

// brokenError says why a list cannot be read beyond some place.
type brokenError struct{ error }

func (brokenError) Is(target error) bool { return target == ErrBroken }

func (e brokenError) Unwrap() error { return e.error }

// Broken returns an error that says the same, and matches ErrBroken.
func Broken(err error) error { return brokenError{err} }
