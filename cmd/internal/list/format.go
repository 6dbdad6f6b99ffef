package list

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/jsontext"
	"receiptrevoker/cmd/internal/list/lines"
	"receiptrevoker/cmd/internal/list/plain"
)

// textFormat returns how a text that begins with head is written. NDJSON has its
// first object on one line; a broken first line is no reason to take the rest of
// an NDJSON for something else.
func textFormat(head []byte, column string) Format {
	text := bytes.TrimLeft(head, plain.Blanks)
	switch {
	case startsArray(text):
		return JSON
	case !bytes.HasPrefix(text, []byte("{")):
		return CSV
	}
	first, _, more := bytes.Cut(text, []byte("\n"))
	first = bytes.Trim(first, plain.Blanks)
	cut := !more && len(head) == decode.HeadSize
	switch valid := json.Valid(first); {
	case (valid || cut) && jsontext.HoldsList(first, lines.NewJSON(column, "").Names):
		return JSON
	case valid, !more:
		return NDJSON
	}
	return multiline(text, first)
}

// startsArray reports whether text begins an array, rather than a title such as
// [2026-11] above a CSV.
func startsArray(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte("["))
	if !ok {
		return false
	}
	switch b := plain.FirstByte(rest); {
	case b == 0:
		return false
	case bytes.IndexByte([]byte(`{["]`), b) >= 0:
		return true
	case bytes.IndexByte([]byte("-0123456789ntf"), b) >= 0:
		return startsWithWords(text)
	}
	return false
}

// startsWithWords reports whether text begins an array whose first elements are numbers or
// words such as null. [2026] above a CSV is none.
func startsWithWords(text []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	for i := 0; ; i++ {
		token, err := decoder.Token()
		switch token := token.(type) {
		case string:
			return true
		case json.Delim:
			if token == ']' {
				rest := bytes.TrimLeft(text[decoder.InputOffset():], plain.Blanks)
				return len(rest) == 0 || startsArray(rest)
			}
			if i > 0 {
				return true
			}
		}
		if err != nil {
			return err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)
		}
	}
}

// multiline returns the format of a text whose first line, of several, is no
// valid JSON by itself.
func multiline(text, first []byte) Format {
	if len(first) == 1 {
		return JSON // a brace alone: the object continues
	}
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(text)).Decode(&value)
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		return JSON
	}
	return NDJSON
}
