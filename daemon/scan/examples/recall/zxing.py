"""Reads each picture of a folder with zxing-cpp, QR codes only, its other options as they come; a line of JSON each."""

import csv
import json
import sys
import time

import numpy
import zxingcpp
from PIL import Image

RUNS = 3  # of the screens whose cost is told


def texts_of(pixels):
    return [code.text for code in zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormat.QRCode)]


def main(folder):
    csv.field_size_limit(1 << 30)
    with open(f"{folder}/manifest.tsv", encoding="utf-8", newline="") as manifest:
        entries = list(csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE))
    for entry in entries:
        picture = Image.open(f"{folder}/{entry['file']}")
        if "A" in picture.getbands():
            ground = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(ground, picture.convert("RGBA"))
        pixels = numpy.array(picture.convert("RGB"))
        times = []
        for _ in range(RUNS if pixels.shape[:2] in [(1080, 1920), (2160, 3840)] else 1):
            start = time.thread_time()
            texts = texts_of(pixels)
            times.append(time.thread_time() - start)
        right = 0
        for text in json.loads(entry["payloads"]):
            if text in texts:
                texts.remove(text)
                right += 1
        print(json.dumps({"file": entry["file"], "right": right, "wrong": len(texts), "ms": min(times) * 1000}))


main(sys.argv[1])
