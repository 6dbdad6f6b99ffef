package list

import (
	"bytes"
	"errors"
)

// foreignFormats are files that people take for a list, by how they begin.
var foreignFormats = []struct{ magic, what string }{
	{"PK\x03\x04", "an Excel workbook (.xlsx) or another ZIP archive" + saveAs},
	{"\xD0\xCF\x11\xE0", "an old Excel workbook (.xls)" + saveAs},
	{"<", "HTML or XML, which some order systems name .xls" + saveAs},
	{"\x1F\x8B", "compressed with gzip: unpack it on the way, gunzip -c FILE | revoker bulk -"},
	{"[{", "a JSON array: make it one object a line, jq -c '.[]' FILE | revoker bulk -"},
}

const saveAs = ": open it in Excel and save it as CSV UTF-8"

// foreign returns an error that says what to do if a list that begins with
// head is no text, or not one of ours.
func foreign(head []byte) error {
	head = bytes.TrimLeft(head, blanks)
	if rest, ok := bytes.CutPrefix(head, []byte("[")); ok {
		head = append([]byte("["), bytes.TrimLeft(rest, blanks)...)
	}
	for _, f := range foreignFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return errors.New("the list is " + f.what)
		}
	}
	return nil
}

const blanks = " \t\r\n"

// firstByte returns the first byte of head that is no blank, 0 if all are.
func firstByte(head []byte) byte {
	if head = bytes.TrimLeft(head, blanks); len(head) > 0 {
		return head[0]
	}
	return 0
}
