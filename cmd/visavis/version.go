package main

import (
	"fmt"
	"io"
	"runtime"
)

type versionCommand struct{}

func (versionCommand) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, "visavis", version, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return err
}
