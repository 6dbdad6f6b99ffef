// Package foreign knows files that people take for a list, and says what to do with them. Without it
// their first bytes would be shown as the names of columns, none of which is imp_uid.
package foreign

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/plain"
)

// CompoundMagic begins a compound file ([MS-CFB] 2.2): old documents of Office, and new ones with a
// password.
const CompoundMagic = "\xD0\xCF\x11\xE0"

// What to do with a file, behind what it is.
const (
	// SaveAs is for what Excel opens.
	SaveAs = ": open it in Excel and save it as CSV UTF-8 or as a workbook (.xlsx)"
	// unlock is for files that a document protection holds. Nothing here can read them, and other programs
	// than the product's own cannot either.
	unlock = ": open it where its software is installed, release it from protection, and save it as CSV UTF-8"
	// SaveTable is for documents that may hold a table.
	SaveTable = ": save its table as CSV UTF-8 or as a workbook (.xlsx)"
	// askFor is for pictures and printed pages, of which no list can be read.
	askFor = ": ask for the list as CSV or as a workbook (.xlsx)"
	// extract is for archives.
	extract = ": unpack it, and give the list that is in it"
)

// foreignFormats are files that people take for a list, by how they begin, the longer beginnings first:
// the first that fits is named. What the products of document protection write was found in public
// repositories that detect them.
var foreignFormats = []struct{ magic, what string }{
	{"<## NASCA DRM FILE", "encrypted by NASCA document protection (DRM)" + unlock},
	{"SCDSA00", "encrypted by SoftCamp document protection (DRM)" + unlock},
	{"\x9B DRMONE", "encrypted by Fasoo document protection (DRM)" + unlock},
	{"<!-- FasooSecureContainer", "encrypted by Fasoo document protection (DRM)" + unlock},
	{"<DOCUMENTSAFER", "encrypted by MarkAny Document Safer, a document protection (DRM)" + unlock},
	{"<DOCUMENT SAFER", "encrypted by MarkAny Document Safer, a document protection (DRM)" + unlock},
	{CompoundMagic, "an old Excel workbook (.xls) or another old document of Office" + SaveAs},
	{"MIME-Version:", "a web archive (MHTML), which some order systems name .xls" + SaveAs},
	{"%PDF", "a PDF" + askFor},
	{`{\rtf`, "a document of a word processor (RTF)" + SaveTable},
	{"\x1F\x8B", "compressed twice, with gzip at last: unpack it once"},
	{"\x28\xB5\x2F\xFD", "compressed twice, with zstd at last: unpack it once"},
	{"PK\x03\x04", "a ZIP archive within another text" + extract},
	{"\xFD7zXZ\x00", "compressed with xz: unpack it on the way, xz -dc FILE | revoker bulk -"},
	{"BZh", "compressed with bzip2: unpack it on the way, bzip2 -dc FILE | revoker bulk -"},
	{"\x04\x22\x4D\x18", "compressed with lz4: unpack it on the way, lz4 -dc FILE | revoker bulk -"},
	{"7z\xBC\xAF\x27\x1C", "a 7z archive" + extract},
	{"Rar!\x1A\x07", "a RAR archive" + extract},
	{"\x89PNG", "a picture (PNG)" + askFor},
	{"\xFF\xD8\xFF", "a picture (JPEG)" + askFor},
	{"GIF8", "a picture (GIF)" + askFor},
	{"SQLite format 3\x00", "a database (SQLite): export the payments as CSV"},
	{"PAR1", "a Parquet file: export the payments as CSV"},
}

// binaryHead is how far a text is searched for control characters: 512 bytes. A list with one in ten of
// them is none; one with fewer is read, and the lines that have them are reported.
const binaryHead = 512

// HeadSize is how much of a file tells what it is: 512 bytes, the header of a tar archive, which is the
// longest of all that are recognised.
const HeadSize = 512

// File returns an error that says what to do if a file that begins with head is known to be no list. It
// looks at the bytes as they came, before they are decoded.
func File(head []byte) error {
	head = bytes.TrimLeft(head, plain.Blanks)
	for _, f := range foreignFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return errors.New("the list is " + f.what)
		}
	}
	// A list may have the title "MarkAny 환불 목록": one with an imp_uid in its head is read.
	if markAny.Match(head) && !bytes.Contains(head, []byte("imp_")) {
		return errors.New("the list is encrypted by MarkAny document protection (DRM)" + unlock)
	}
	// Its header has a checksum, so that no list is taken for an archive.
	if file, err := tar.NewReader(bytes.NewReader(head)).Next(); err == nil {
		return fmt.Errorf("the list is a tar archive that holds %s%s", fault.Cut(file.Name), extract)
	}
	return nil
}

// markAny is how files are taken to begin that MarkAny's products encrypt: with its name. No sample is
// public, so this is a guess.
var markAny = regexp.MustCompile(`(?i)^[<#![\s-]*markany`)

// Text is File for a text, decoded, that begins with head. It knows besides what only a text can be:
// HTML, XML, and the data of a program.
func Text(head []byte) error {
	if err := File(head); err != nil {
		return err
	}
	head = bytes.TrimLeft(head, plain.Blanks)
	// No list begins with a tag. Some order systems export an HTML table under the name .xls.
	if bytes.HasPrefix(head, []byte("<")) {
		return errors.New("the list is " + markup(head) + SaveAs)
	}
	if isBinary(head[:min(len(head), binaryHead)]) {
		return errors.New("the list is no text, but a program or data of one: give a CSV, a JSON or a workbook (.xlsx)")
	}
	return nil
}

// isBinary reports whether a tenth of head are control characters, and NUL among them. A single NUL, as
// programs leave it in a cell, costs its line and not the list.
func isBinary(head []byte) bool {
	controls := 0
	for _, b := range head {
		if b < ' ' && bytes.IndexByte([]byte(plain.Blanks), b) < 0 {
			controls++
		}
	}
	return bytes.IndexByte(head, 0) >= 0 && controls > len(head)/10
}

// markup says what a text is that begins with a tag, as far as its head tells.
func markup(head []byte) string {
	head = bytes.ToLower(head)
	switch {
	case bytes.Contains(head, []byte("urn:schemas-microsoft-com:office:spreadsheet")):
		return "an XML spreadsheet of Excel 2003"
	case bytes.Contains(head, []byte("<html")), bytes.Contains(head, []byte("<table")),
		bytes.Contains(head, []byte("<!doctype html")):
		return "HTML, which some order systems name .xls"
	}
	return "HTML or XML, which some order systems name .xls"
}

// encrypted is the name of the stream that holds a workbook with a password, in the UTF-16 of a
// compound file: [MS-OFFCRYPTO] 2.3.4.4.
var encrypted = []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")

// Compound says of a compound file, as Office writes old documents and those with a password, what it
// is. It reads in to its end, since the directory with the names of its streams may stand anywhere.
func Compound(in io.Reader) error {
	const step = 64 << 10
	buffer := make([]byte, 0, len(encrypted)+step)
	for {
		n, err := io.ReadFull(in, buffer[len(buffer):len(buffer)+step])
		buffer = buffer[:len(buffer)+n]
		if bytes.Contains(buffer, encrypted) {
			return errors.New("the list is a workbook with a password: open it in Excel, and save it without one")
		}
		if err != nil {
			return File([]byte(CompoundMagic))
		}
		// The name may lie across two steps: as many bytes as it has are looked at again.
		buffer = buffer[:copy(buffer, buffer[max(0, len(buffer)-len(encrypted)):])]
	}
}
