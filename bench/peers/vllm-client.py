"""
`vllm bench serve` without the rest of vLLM.

The client of vLLM is pure Python on aiohttp, but its imports pull in the inference engine: torch and,
from PyPI, gigabytes of CUDA. Everything that sends, receives and measures is vLLM's own code, as
installed; stand-ins take the place of modules that a text benchmark imports and never calls.
"""

import argparse
import gc
import importlib.util
import logging
import sys
from types import ModuleType


class Placeholder:
    """An optional dependency that is not there; vLLM itself makes one of these for pandas and librosa."""

    def __init__(self, name):
        self.name = name

    def placeholder_attr(self, name):
        return Placeholder(f"{self.name}.{name}")


def load_tokenizer(name, **_options):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(name)


def never_called(*_args, **_options):
    raise NotImplementedError("only text benchmarks can run without vLLM's engine")


STAND_INS = {
    "vllm.inputs": {"MultiModalDataDict": dict},
    "vllm.logger": {"init_logger": logging.getLogger},
    "vllm.lora.request": {"LoRARequest": object},
    "vllm.lora.utils": {"get_adapter_absolute_path": never_called},
    "vllm.multimodal.audio": {"get_audio_duration": never_called},
    "vllm.multimodal.image": {"convert_image_mode": never_called},
    "vllm.multimodal.utils": {"encode_image_url": never_called, "fetch_image": never_called},
    "vllm.tokenizers": {"TokenizerLike": object, "get_tokenizer": load_tokenizer},
    "vllm.transformers_utils.repo_utils": {"hf_api": never_called},
    "vllm.utils.argparse_utils": {"FlexibleArgumentParser": argparse.ArgumentParser},
    "vllm.utils.gc_utils": {"freeze_gc_heap": gc.freeze},
    "vllm.utils.import_utils": {"PlaceholderModule": Placeholder},
    "vllm.utils.mistral": {"is_mistral_tokenizer": lambda _tokenizer: False},
    "vllm.utils.network_utils": {"join_host_port": lambda host, port: f"{host}:{port}"},
}


def install_stand_ins():
    spec = importlib.util.find_spec("vllm")
    vllm = ModuleType("vllm")
    # The package's own folder, so that vllm.benchmarks is found there, without running its __init__.
    vllm.__path__ = list(spec.submodule_search_locations)
    sys.modules["vllm"] = vllm
    for name, attributes in STAND_INS.items():
        parent = name.rpartition(".")[0]
        if parent != "vllm":
            sys.modules.setdefault(parent, ModuleType(parent))
        module = ModuleType(name)
        vars(module).update(attributes)
        sys.modules[name] = module


if __name__ == "__main__":
    install_stand_ins()
    from vllm.benchmarks.serve import add_cli_args, main

    parser = argparse.ArgumentParser()
    add_cli_args(parser)
    main(parser.parse_args())
