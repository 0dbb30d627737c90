"""What the command line says beyond the words of the reports, in English and Simplified Chinese."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "reading": "reading the scan",
        "tessellating": "tessellating the model",
        "registering": "registering the scan to the model",
        "measuring": "measuring the elements",
        "reporting": "writing the reports",
        "starting": "starting",
        "first_run": "first run: compiling, about a minute",
        "in_all": "total",
        "points": "{points} points, {stations} stations",
        "accepted": "{method}; residual {rmse}, on points held out {holdout}; {inliers} of the points on the model",
        "total": "Total",
        "failing": "Failing or missing, most severe first ({shown} of {total}):",
        "limits": "{characteristic} {actual} ± {uncertainty} mm, limits {lower} to {upper} mm, {source}",
        "unmodelled": "{count} clusters of points belong to no element of the model",
        "report": "Report",
        "beside": "Beside it",
        "refused": "registration refused ({reason}): {why}. More in {report}",
    },
    "zh": {
        "reading": "读取扫描",
        "tessellating": "模型三角化",
        "registering": "扫描与模型配准",
        "measuring": "测量构件",
        "reporting": "生成报告",
        "starting": "启动",
        "first_run": "首次运行：正在编译，约一分钟",
        "in_all": "合计",
        "points": "{points} 个点，{stations} 个测站",
        "accepted": "{method}；残差 {rmse}，留出点残差 {holdout}；{inliers} 的点落在模型上",
        "total": "合计",
        "failing": "不合格或缺失的构件，按严重程度排列（{total} 个中的 {shown} 个）：",
        "limits": "{characteristic} {actual} ± {uncertainty} mm，限值 {lower} 至 {upper} mm，{source}",
        "unmodelled": "{count} 处点簇不属于模型的任何构件",
        "report": "报告",
        "beside": "同一目录",
        "refused": "配准被拒绝（{reason}）：{why}。详见 {report}",
    },
}
"""Language -> key -> text; every language has the same keys."""
