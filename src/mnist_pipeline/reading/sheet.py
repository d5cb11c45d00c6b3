"""Before the ink: the sheet of paper that lies on a table."""

import cv2
import numpy as np

from mnist_pipeline.reading.geometry import shrink
from mnist_pipeline.reading.ink import LIGHT_PX

SHEET_PX = 240
"""The sheet on a table is looked for in a picture of this size."""

SMALLEST_PX = 100
"""Nobody photographs a sheet in fewer pixels."""


def find_sheet(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sheet that lies within the picture, straightened; the picture itself if there is none.

    Returns float32 (h, w), and the 3x3 matrix from its pixels to those of the picture.

    A sheet is a four-cornered area, evenly lighter or darker than what is around it, at least a
    quarter of the picture long and wide, with something drawn on it.
    """
    if min(grey.shape) < SMALLEST_PX:
        return grey, np.eye(3)
    small = shrink(grey, SHEET_PX)
    soft = np.rint(255 * cv2.GaussianBlur(small, (0, 0), 1.5)).astype(np.uint8)
    _, light = cv2.threshold(soft, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    for mask in (light, 1 - light):
        corners = _four_corners(mask)
        if corners is not None:
            scale = grey.shape[1] / small.shape[1]
            sheet, matrix = _straighten(grey, corners * scale)
            if _is_drawn_on(sheet):
                return sheet, np.linalg.inv(matrix)
    return grey, np.eye(3)


def _four_corners(mask: np.ndarray) -> np.ndarray | None:
    """Corners of the largest piece of a mask, clockwise from the left top, if it has just four."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    area, hull = cv2.contourArea(contour), cv2.convexHull(contour)
    corners = cv2.approxPolyDP(hull, 0.04 * cv2.arcLength(hull, True), True)[:, 0].astype(float)
    left, top, width, height = cv2.boundingRect(contour)
    at_rim = [left == 0, top == 0, left + width == mask.shape[1], top + height == mask.shape[0]]
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, [contour], -1, 1, cv2.FILLED)
    if (
        len(corners) != 4
        or sum(at_rim) > 1
        or min(width / mask.shape[1], height / mask.shape[0]) < 0.25
        or area < 0.94 * cv2.contourArea(hull)
        or area < 0.92 * cv2.contourArea(corners.astype(np.float32))
        or (mask & filled).sum() < 0.7 * filled.sum()
    ):
        return None
    corners = corners[np.argsort(np.arctan2(*(corners - corners.mean(axis=0)).T[::-1]))]
    return np.roll(corners, -int(np.argmin(corners.sum(axis=1))), axis=0)


def _straighten(grey: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The area between four corners as a rectangle, without its outermost part; and how."""
    sides = np.hypot(*(corners - np.roll(corners, -1, axis=0)).T)
    width, height = round(max(sides[0], sides[2])), round(max(sides[1], sides[3]))
    edge = 0.03 * min(width, height)
    wanted = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - edge
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), wanted.astype(np.float32))
    size = (round(width - 2 * edge), round(height - 2 * edge))
    return cv2.warpPerspective(grey, matrix, size, borderMode=cv2.BORDER_REPLICATE), matrix


def _is_drawn_on(sheet: np.ndarray) -> bool:
    """Whether there are edges on it, and not along its rim only."""
    small = cv2.GaussianBlur(shrink(sheet, LIGHT_PX), (0, 0), 0.7)
    edges = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3)))
    height, width = edges.shape
    inner = edges[height // 8 : height - height // 8, width // 8 : width - width // 8]
    return float(inner.max()) > max(0.05, 5 * float(np.median(edges)))
