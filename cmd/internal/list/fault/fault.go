// Package fault says what is wrong with a list, in words for the person who wrote it: what is there,
// with its value, and what to do. It knows nothing of how lists are read.
package fault

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"receiptrevoker/tasks"
)

// MaxText is how many runes of an offending text are shown. A cell may have 1 MiB, and a list a million
// such cells.
const MaxText = 60

// invalid is what is wrong with an imp_uid. It matches [tasks.ErrInvalid] without its prefix, which
// says nothing to those who wrote the list.
type invalid string

func (e invalid) Error() string { return string(e) }

func (invalid) Is(target error) bool { return target == tasks.ErrInvalid }

// Invalid returns an error that says what is wrong with a value of a line, and matches
// [tasks.ErrInvalid]: the line cannot be used as it is, and a second try changes nothing.
func Invalid(format string, args ...any) error { return invalid(fmt.Sprintf(format, args...)) }

// Cut shortens text to at most MaxText runes, the last of them … if it was longer. Bytes that are no
// UTF-8 become U+FFFD, since text may have been cut within a character.
func Cut(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if runes := []rune(text); len(runes) > MaxText {
		return string(runes[:MaxText-1]) + "…"
	}
	return text
}

// ErrEmpty says that a list holds nothing but blanks and separators. A header without lines is not
// empty in this sense: its list ends with io.EOF at once.
var ErrEmpty = errors.New("the list is empty")

// ErrBroken is matched by each error of [Broken]. Where `bulk` meets it, it says to mend the list
// before giving it again; after other errors, as of a disk, to give the same list again.
var ErrBroken = errors.New("the list is broken")

// brokenError says why a list cannot be read beyond some place. Its cause can be matched too.
type brokenError struct{ error }

func (brokenError) Is(target error) bool { return target == ErrBroken }

func (e brokenError) Unwrap() error { return e.error }

// Broken returns an error that says the same as err, and matches both it and ErrBroken. An error of
// the file is returned as it is.
func Broken(err error) error {
	if OfFile(err) {
		return err
	}
	return brokenError{err}
}

// OfFile reports whether the system could not read the file, as where its disk fails: the list itself
// may be whole. The error names the file.
func OfFile(err error) bool {
	var file *fs.PathError
	return errors.As(err, &file)
}
