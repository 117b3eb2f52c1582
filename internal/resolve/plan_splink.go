package resolve

import "github.com/kithdata/kith/internal/kit/errs"

func readSplink(path string, _ []byte) (*rules, error) {
	return nil, errs.New(codeSplinkSetting, "not yet").At(path)
}
