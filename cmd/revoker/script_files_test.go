package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// archive writes a ZIP archive, such as a workbook, of the files in a folder.
func archive(ts *testscript.TestScript, _ bool, args []string) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	ts.Check(z.AddFS(os.DirFS(ts.MkAbs(args[1]))))
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}

// pack writes a file compressed with gzip.
func pack(ts *testscript.TestScript, _ bool, args []string) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}

// cutShort writes a file without its last eight bytes.
func cutShort(ts *testscript.TestScript, _ bool, args []string) {
	whole := ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(whole[:len(whole)-8]), 0o600))
}
