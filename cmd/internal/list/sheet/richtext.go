package sheet

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"unicode/utf8"

	"receiptrevoker/cmd/internal/list/frame"
)

// richText gathers the text of an element of a workbook, which may be in several
// runs, each with its font. Phonetic hints (rPh) are no part of it.
type richText struct {
	text     []byte
	reading  bool // within a t
	phonetic bool // within a rPh
}

func (r *richText) begin() { *r = richText{text: r.text[:0]} }

// token takes up a token of the element.
func (r *richText) token(token xml.Token) {
	switch e := token.(type) {
	case xml.StartElement:
		r.reading = e.Name.Local == "t" && !r.phonetic
		r.phonetic = r.phonetic || e.Name.Local == "rPh"
	case xml.EndElement:
		r.reading = false
		r.phonetic = r.phonetic && e.Name.Local != "rPh"
	case xml.CharData:
		if r.reading && len(r.text) <= frame.MaxRecord { // a row of that length cannot be used
			r.text = append(r.text, e...)
		}
	}
}

// end returns the text, valid until begin.
func (r *richText) end() []byte { return unescape(r.text) }

// escaped is how a workbook writes characters that XML cannot hold, ECMA-376 part 1,
// 22.9.2.19 (ST_Xstring): _x000D_ is a carriage return.
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescape returns text with its escapes replaced. Control characters other than
// line breaks and tabs are dropped: no value has one.
func unescape(text []byte) []byte {
	if !escaped.Match(text) {
		return text
	}
	return escaped.ReplaceAllFunc(text, func(escape []byte) []byte {
		code, _ := strconv.ParseUint(string(escape[2:6]), 16, 16)
		if code < ' ' && code != '\n' && code != '\r' && code != '\t' {
			return nil
		}
		return utf8.AppendRune(nil, rune(code))
	})
}
