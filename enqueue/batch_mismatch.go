package enqueue

import "fmt"

// MismatchError says that a list is not the one that a batch was made of.
type MismatchError struct {
	Batch string
	// Line is the first line that is another, and Text what stands there: an
	// imp_uid and, if it has one, its gateway. Line is 0 where the list ends too early.
	Line int
	Text string
	// Lines is how many the batch's list has, where the one given is longer or
	// shorter.
	Lines int
	// Unfinished tells that the batch's own list was not read to its end, so
	// that another cannot be added yet.
	Unfinished bool
}

func (e *MismatchError) Error() string {
	difference := fmt.Sprintf("line %d, %.80s, is not what stood there before", e.Line, e.Text)
	switch {
	case e.Lines > 0 && e.Line > 0:
		difference = fmt.Sprintf("line %d is beyond the %d lines the batch was made of", e.Line, e.Lines)
	case e.Lines > 0:
		difference = fmt.Sprintf("it ends before the %d lines the batch was made of", e.Lines)
	}
	text := fmt.Sprintf("the batch %s was made of another list: %s", e.Batch, difference)
	if e.Unfinished {
		text += "; that list was not read to its end, so nothing can be added to the batch until it is"
	}
	return text
}
