package config

import (
	"fmt"
	"io"
	"os"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
)

// CompareContracts compares two contract files, applied or proposed, and reports
// whether the new one keeps a promise: backward, forward or full.
func CompareContracts(before, after, promise string) (c *contract.Comparison, keeps bool, err error) {
	p, err := contract.CompatibilityOf(promise)
	if err != nil {
		return nil, false, err
	}
	old, err := readContract(before)
	if err != nil {
		return nil, false, err
	}
	now, err := readContract(after)
	if err != nil {
		return nil, false, err
	}
	c = contract.Compare(old, now)
	return c, c.Keeps(p), nil
}

// ContractText reads a contract's file, of whatever form, and gives it as JSON Schema.
func ContractText(path string) ([]byte, error) {
	schema, err := readContract(path)
	if err != nil {
		return nil, err
	}
	return schema.JSONSchema(""), nil
}

func readContract(path string) (*contract.Schema, error) {
	unreadable := func(why string) error {
		return errs.New(CodeContractFile, "the contract's file cannot be read: "+why).At(path).Fix("name a file that holds a contract")
	}
	file, message := contract.SplitName(path)
	data, err := readBounded(file)
	if err != nil {
		return nil, unreadable(reason(err))
	}
	schema, err := parseFile(file, message, data)
	if err != nil {
		return nil, errs.Wrap(CodeContractFile, "reading a contract", err).At(path)
	}
	return schema, nil
}

// readBounded reads a file of at most MaxFile bytes.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the reader, or the settings, name the file
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was read only
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = fmt.Errorf("it has more than %d bytes", MaxFile)
	}
	return data, err
}
