.PHONY: demo test check bench wheel
demo test check bench wheel:
	python3 dev.py $@
