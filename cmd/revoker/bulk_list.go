package main

import (
	"errors"
	"fmt"
	"io"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// tellList says what a person should know about a list that was read: where its
// header is if not on the first line, its notes, and what is wrong with its columns.
func tellList(out io.Writer, reader *list.Reader) {
	if line := reader.Layout().HeaderLine; line > 1 {
		newScreen(out).say("revoker: line %d is the header", line)
	}
	for _, note := range reader.Notes() {
		newScreen(out).say("revoker: line %d: %s", note.Line, note.Text)
	}
	tellColumns(out, reader, true)
}

// refuse shows the lines of a list of which none can be used. No batch is made of it.
func (j *bulkJob) refuse(lines []enqueue.Line, progress *counter) error {
	for _, line := range lines {
		j.asked.count(enqueue.LineResult{Line: line, Kind: outcome.KindInvalid})
	}
	progress.end()
	j.tellList()
	return noneUsable(len(lines), j.input.reader.Format())
}

// noneUsable returns the error for a list of so many lines none of which can be used.
func noneUsable(lines int, format list.Format) error {
	switch {
	case lines == 0 && (format == list.JSON || format == list.NDJSON):
		return errors.New("the list holds no payment: nothing is asked for")
	case lines == 0:
		return errors.New("the list has a header and no line below it: nothing is asked for")
	case lines == 1:
		return errors.New("its only line cannot be used: nothing is asked for")
	}
	return fmt.Errorf("none of its %d lines can be used: nothing is asked for", lines)
}
