package main

import (
	"regexp"
	"strings"
)

// byteOrderMark tells Excel that a CSV is UTF-8.
const byteOrderMark = "\uFEFF"

// plainNumber is what a spreadsheet takes for a number, and nothing else.
var plainNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// inert returns a CSV value such that no spreadsheet runs it as a formula: a
// gateway's message is written by others. What a spreadsheet would run gets an
// apostrophe before it, which shows as text. Plain numbers, such as -5, stay.
func inert(value string) string {
	if value == "" || !strings.ContainsRune("=+-@\t\r", rune(value[0])) || plainNumber.MatchString(value) {
		return value
	}
	return "'" + value
}

// inertAll makes a record inert in place and returns it.
func inertAll(record []string) []string {
	for i, value := range record {
		record[i] = inert(value)
	}
	return record
}
